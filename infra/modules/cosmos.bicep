// Metadata. Strong consistency is what the compare-and-swap of the code rests on; one region keeps it cheap.
param location string
param tags object
param accountName string
param isPrivate bool
param zoneRedundant bool

@description('Request units a second that autoscale may reach; 0 makes the account serverless. It cannot be changed later.')
param requestUnitsMax int

resource account 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' = {
  name: accountName
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    locations: [
      {
        locationName: location
        failoverPriority: 0
        isZoneRedundant: zoneRedundant
      }
    ]
    capabilities: requestUnitsMax == 0 ? [{ name: 'EnableServerless' }] : []
    consistencyPolicy: { defaultConsistencyLevel: 'Strong' }
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: { tier: 'Continuous7Days' }
    }
    disableLocalAuth: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

module declared '../generated/documents.bicep' = {
  name: 'documents-declared'
  params: {
    accountName: account.name
    requestUnitsMax: requestUnitsMax
  }
}

output name string = account.name
output endpoint string = account.properties.documentEndpoint
