// Generated from shared/resources.ts by `npm run generate`; change it there.

@description('Name of the Cosmos DB account.')
param accountName string

@description('Request units a second that autoscale may reach, shared by all containers; 0 on a serverless account.')
param requestUnitsMax int

resource account 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' existing = {
  name: accountName
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2024-11-15' = {
  parent: account
  name: 'cairn'
  properties: {
    resource: {
      id: 'cairn'
    }
    options: requestUnitsMax == 0 ? {} : { autoscaleSettings: { maxThroughput: requestUnitsMax } }
  }
}

resource experimentsContainer 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = {
  parent: database
  name: 'experiments'
  properties: {
    resource: {
      id: 'experiments'
      partitionKey: {
        paths: [
          '/workspace'
        ]
        kind: 'Hash'
        version: 2
      }
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          {
            path: '/workspace/?'
          }
          {
            path: '/type/?'
          }
          {
            path: '/pending/?'
          }
          {
            path: '/name/?'
          }
          {
            path: '/createdAt/?'
          }
          {
            path: '/updatedAt/?'
          }
          {
            path: '/lifecycle/*'
          }
          {
            path: '/experimentId/?'
          }
          {
            path: '/tags/*'
          }
        ]
        excludedPaths: [
          {
            path: '/*'
          }
        ]
        compositeIndexes: [
          [
            {
              path: '/createdAt'
              order: 'descending'
            }
            {
              path: '/experimentId'
              order: 'ascending'
            }
          ]
        ]
      }
    }
  }
}

resource runsContainer 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = {
  parent: database
  name: 'runs'
  properties: {
    resource: {
      id: 'runs'
      partitionKey: {
        paths: [
          '/experimentId'
          '/runId'
        ]
        kind: 'MultiHash'
        version: 2
      }
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          {
            path: '/workspace/?'
          }
          {
            path: '/type/?'
          }
          {
            path: '/pending/?'
          }
          {
            path: '/experimentId/?'
          }
          {
            path: '/runId/?'
          }
          {
            path: '/name/?'
          }
          {
            path: '/userId/?'
          }
          {
            path: '/status/?'
          }
          {
            path: '/artifactUri/?'
          }
          {
            path: '/startTime/?'
          }
          {
            path: '/endTime/?'
          }
          {
            path: '/lifecycle/*'
          }
          {
            path: '/params/*'
          }
          {
            path: '/tags/*'
          }
          {
            path: '/m/*'
          }
          {
            path: '/datasets/[]/name/?'
          }
          {
            path: '/datasets/[]/digest/?'
          }
          {
            path: '/datasets/[]/context/?'
          }
        ]
        excludedPaths: [
          {
            path: '/*'
          }
        ]
        compositeIndexes: [
          [
            {
              path: '/startTime'
              order: 'descending'
            }
            {
              path: '/runId'
              order: 'ascending'
            }
          ]
        ]
      }
    }
  }
}

resource loggedModelsContainer 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = {
  parent: database
  name: 'logged-models'
  properties: {
    resource: {
      id: 'logged-models'
      partitionKey: {
        paths: [
          '/experimentId'
          '/modelId'
        ]
        kind: 'MultiHash'
        version: 2
      }
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          {
            path: '/workspace/?'
          }
          {
            path: '/type/?'
          }
          {
            path: '/pending/?'
          }
          {
            path: '/experimentId/?'
          }
          {
            path: '/modelId/?'
          }
          {
            path: '/name/?'
          }
          {
            path: '/modelType/?'
          }
          {
            path: '/status/?'
          }
          {
            path: '/sourceRunId/?'
          }
          {
            path: '/createdAt/?'
          }
          {
            path: '/updatedAt/?'
          }
          {
            path: '/lifecycle/*'
          }
          {
            path: '/params/*'
          }
          {
            path: '/tags/*'
          }
          {
            path: '/metrics/[]/key/?'
          }
          {
            path: '/metrics/[]/value/?'
          }
          {
            path: '/metrics/[]/dataset/name/?'
          }
          {
            path: '/m/*'
          }
          {
            path: '/md/*'
          }
        ]
        excludedPaths: [
          {
            path: '/*'
          }
        ]
        compositeIndexes: [
          [
            {
              path: '/createdAt'
              order: 'descending'
            }
            {
              path: '/modelId'
              order: 'ascending'
            }
          ]
        ]
      }
    }
  }
}

resource modelsContainer 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = {
  parent: database
  name: 'models'
  properties: {
    resource: {
      id: 'models'
      partitionKey: {
        paths: [
          '/workspace'
          '/modelId'
        ]
        kind: 'MultiHash'
        version: 2
      }
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          {
            path: '/workspace/?'
          }
          {
            path: '/type/?'
          }
          {
            path: '/pending/?'
          }
          {
            path: '/modelId/?'
          }
          {
            path: '/name/?'
          }
          {
            path: '/createdAt/?'
          }
          {
            path: '/updatedAt/?'
          }
          {
            path: '/version/?'
          }
          {
            path: '/runId/?'
          }
          {
            path: '/ref/?'
          }
          {
            path: '/source/?'
          }
          {
            path: '/tags/*'
          }
        ]
        excludedPaths: [
          {
            path: '/*'
          }
        ]
        compositeIndexes: [
          [
            {
              path: '/name'
              order: 'ascending'
            }
            {
              path: '/version'
              order: 'descending'
            }
          ]
        ]
      }
    }
  }
}

resource webhooksContainer 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = {
  parent: database
  name: 'webhooks'
  properties: {
    resource: {
      id: 'webhooks'
      partitionKey: {
        paths: [
          '/workspace'
          '/webhookId'
        ]
        kind: 'MultiHash'
        version: 2
      }
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          {
            path: '/workspace/?'
          }
          {
            path: '/type/?'
          }
          {
            path: '/pending/?'
          }
          {
            path: '/webhookId/?'
          }
          {
            path: '/createdAt/?'
          }
          {
            path: '/state/dueAt/?'
          }
        ]
        excludedPaths: [
          {
            path: '/*'
          }
        ]
        compositeIndexes: [
          [
            {
              path: '/createdAt'
              order: 'descending'
            }
            {
              path: '/webhookId'
              order: 'ascending'
            }
          ]
          [
            {
              path: '/createdAt'
              order: 'descending'
            }
            {
              path: '/deliveryId'
              order: 'ascending'
            }
          ]
        ]
      }
      defaultTtl: -1
    }
  }
}

resource lineageContainer 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = {
  parent: database
  name: 'lineage'
  properties: {
    resource: {
      id: 'lineage'
      partitionKey: {
        paths: [
          '/workspace'
          '/node'
        ]
        kind: 'MultiHash'
        version: 2
      }
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          {
            path: '/workspace/?'
          }
          {
            path: '/type/?'
          }
          {
            path: '/pending/?'
          }
          {
            path: '/node/?'
          }
          {
            path: '/side/?'
          }
          {
            path: '/at/?'
          }
        ]
        excludedPaths: [
          {
            path: '/*'
          }
        ]
        compositeIndexes: []
      }
    }
  }
}

resource endpointsContainer 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = {
  parent: database
  name: 'endpoints'
  properties: {
    resource: {
      id: 'endpoints'
      partitionKey: {
        paths: [
          '/workspace'
        ]
        kind: 'Hash'
        version: 2
      }
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          {
            path: '/workspace/?'
          }
          {
            path: '/type/?'
          }
          {
            path: '/pending/?'
          }
          {
            path: '/name/?'
          }
          {
            path: '/modelId/?'
          }
          {
            path: '/deployments/[]/modelId/?'
          }
        ]
        excludedPaths: [
          {
            path: '/*'
          }
        ]
        compositeIndexes: []
      }
    }
  }
}

resource monitorsContainer 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = {
  parent: database
  name: 'monitors'
  properties: {
    resource: {
      id: 'monitors'
      partitionKey: {
        paths: [
          '/workspace'
          '/monitorId'
        ]
        kind: 'MultiHash'
        version: 2
      }
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          {
            path: '/workspace/?'
          }
          {
            path: '/type/?'
          }
          {
            path: '/pending/?'
          }
          {
            path: '/monitorId/?'
          }
          {
            path: '/endpoint/?'
          }
          {
            path: '/windowEnd/?'
          }
          {
            path: '/state/?'
          }
          {
            path: '/fingerprint/?'
          }
          {
            path: '/since/?'
          }
          {
            path: '/openedAt/?'
          }
        ]
        excludedPaths: [
          {
            path: '/*'
          }
        ]
        compositeIndexes: [
          [
            {
              path: '/since'
              order: 'descending'
            }
            {
              path: '/fingerprint'
              order: 'ascending'
            }
          ]
          [
            {
              path: '/openedAt'
              order: 'descending'
            }
            {
              path: '/monitorId'
              order: 'ascending'
            }
            {
              path: '/number'
              order: 'descending'
            }
          ]
        ]
      }
      defaultTtl: -1
    }
  }
}

resource jobsContainer 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = {
  parent: database
  name: 'jobs'
  properties: {
    resource: {
      id: 'jobs'
      partitionKey: {
        paths: [
          '/jobId'
        ]
        kind: 'Hash'
        version: 2
      }
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          {
            path: '/workspace/?'
          }
          {
            path: '/type/?'
          }
          {
            path: '/pending/?'
          }
          {
            path: '/jobId/?'
          }
          {
            path: '/kind/?'
          }
          {
            path: '/endpoint/?'
          }
          {
            path: '/status/?'
          }
          {
            path: '/createdAt/?'
          }
          {
            path: '/deletedAt/?'
          }
          {
            path: '/owner/type/?'
          }
          {
            path: '/owner/id/?'
          }
          {
            path: '/model/modelId/?'
          }
          {
            path: '/index/?'
          }
          {
            path: '/file/?'
          }
        ]
        excludedPaths: [
          {
            path: '/*'
          }
        ]
        compositeIndexes: [
          [
            {
              path: '/createdAt'
              order: 'descending'
            }
            {
              path: '/jobId'
              order: 'ascending'
            }
          ]
        ]
      }
    }
  }
}

resource accessContainer 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = {
  parent: database
  name: 'access'
  properties: {
    resource: {
      id: 'access'
      partitionKey: {
        paths: [
          '/workspace'
        ]
        kind: 'Hash'
        version: 2
      }
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          {
            path: '/workspace/?'
          }
          {
            path: '/type/?'
          }
          {
            path: '/pending/?'
          }
          {
            path: '/principalId/?'
          }
          {
            path: '/createdAt/?'
          }
          {
            path: '/tokenId/?'
          }
          {
            path: '/expiresAt/?'
          }
        ]
        excludedPaths: [
          {
            path: '/*'
          }
        ]
        compositeIndexes: [
          [
            {
              path: '/createdAt'
              order: 'descending'
            }
            {
              path: '/tokenId'
              order: 'ascending'
            }
          ]
        ]
      }
      defaultTtl: -1
    }
  }
}

resource auditContainer 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = {
  parent: database
  name: 'audit'
  properties: {
    resource: {
      id: 'audit'
      partitionKey: {
        paths: [
          '/segment'
        ]
        kind: 'Hash'
        version: 2
      }
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          {
            path: '/workspace/?'
          }
          {
            path: '/type/?'
          }
          {
            path: '/pending/?'
          }
          {
            path: '/segment/?'
          }
          {
            path: '/entry/seq/?'
          }
          {
            path: '/entry/at/?'
          }
          {
            path: '/entry/action/?'
          }
          {
            path: '/entry/actor/?'
          }
          {
            path: '/entry/aggregate/?'
          }
          {
            path: '/entry/outcome/?'
          }
          {
            path: '/entry/request_id/?'
          }
        ]
        excludedPaths: [
          {
            path: '/*'
          }
        ]
        compositeIndexes: [
          [
            {
              path: '/entry/at'
              order: 'descending'
            }
            {
              path: '/entry/seq'
              order: 'descending'
            }
          ]
        ]
      }
      defaultTtl: -1
    }
  }
}

resource usageContainer 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = {
  parent: database
  name: 'usage'
  properties: {
    resource: {
      id: 'usage'
      partitionKey: {
        paths: [
          '/workspace'
          '/month'
        ]
        kind: 'MultiHash'
        version: 2
      }
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          {
            path: '/workspace/?'
          }
          {
            path: '/type/?'
          }
          {
            path: '/pending/?'
          }
          {
            path: '/month/?'
          }
          {
            path: '/principalId/?'
          }
        ]
        excludedPaths: [
          {
            path: '/*'
          }
        ]
        compositeIndexes: []
      }
      defaultTtl: -1
    }
  }
}
