// The function app on Flex Consumption: no instance while there is no work.
param location string
param tags object
param token string
param identityName string
param storageName string
param packageContainer string
param cosmosEndpoint string
param keyVaultUrl string
param insightsName string
param nodeVersion string
param instanceCountMax int
param converterJob string
param firstAdmin string
param entraClientId string
param entraAuthority string
param githubIssuer string
param retentionDaysMax int
param openLineageUrl string
param openLineageKeySecret string
param executors object
param executorSecondsMax int

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityName
}

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-cairn-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-cairn-${token}'
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    // Who reads the settings that are references to Key Vault.
    keyVaultReferenceIdentity: identity.id
    siteConfig: {
      minTlsVersion: '1.2'
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'node'
        version: nodeVersion
      }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: instanceCountMax
      }
    }
  }
}

// The package is published with a token of the person who deploys; passwords for it stay off.
resource ftp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: site
  name: 'ftp'
  properties: { allow: false }
}

resource scm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: site
  name: 'scm'
  properties: { allow: false }
}

module settings '../generated/settings.bicep' = {
  name: 'settings-declared'
  params: {
    azureWebJobsStorageBlobServiceUri: storage.properties.primaryEndpoints.blob
    azureWebJobsStorageQueueServiceUri: storage.properties.primaryEndpoints.queue
    azureWebJobsStorageClientId: identity.properties.clientId
    cosmosEndpoint: cosmosEndpoint
    cairnKeyVaultUrl: keyVaultUrl
    cairnConverterJob: converterJob
    cairnFirstAdmin: firstAdmin
    cairnEntraTenant: empty(entraClientId) ? '' : tenant().tenantId
    cairnEntraClientId: entraClientId
    cairnEntraAuthority: entraAuthority
    cairnGithubIssuer: githubIssuer
    cairnRetentionDaysMax: '${retentionDaysMax}'
    cairnOpenlineageUrl: openLineageUrl
    cairnOpenlineageKeySecret: openLineageKeySecret
    cairnExecutors: string(executors)
    cairnExecutorSecondsMax: '${executorSecondsMax}'
    cairnInferenceUrl: ''
    cairnPublicUrl: 'https://${site.properties.defaultHostName}'
  }
}

resource appSettings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: site
  name: 'appsettings'
  properties: union(settings.outputs.values, {
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsDisableHomepage: 'true'
    // The app refuses bodies that are too long by itself, and says what to do instead.
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1099511627776'
    // The C library else keeps free memory apart for each thread: a sixth more of it while Parquet is scored.
    MALLOC_ARENA_MAX: '1'
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  })
}

output name string = site.name
output url string = 'https://${site.properties.defaultHostName}'
