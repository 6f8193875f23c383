// Put together wrongly: names twice, children without parents or below the wrong ones, a module that may not be there, and
// properties that nothing has.
param location string
param location string
param tags object
param isPrivate bool

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: 'stcairn'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2024-01-01' existing = {
  parent: account
  name: 'default'
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: queues
  name: 'app-package'
  properties: {
    publicAccess: 'None'
    publicAccess: 'None'
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' existing = {
  name: 'default'
}

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-cairn'
  location: location
  tags: tags
}

module main '../../main.bicep' = {
  name: 'main'
  params: {
    environmentName: 'dev'
    location: location
  }
}

module declared '../../generated/storage.bicep' = if (isPrivate) {
  name: 'declared'
  params: {
    accountName: account.name
    retentionDaysMax: 200
  }
}

output letters string = declared.outputs.deadLetterContainer
output guarded string = isPrivate ? declared.outputs.deadLetterContainer : blobs.name
output endpoint string = account.properties.primaryEndpoint.blob
output zone string = account.properties.primaryEndpoints.blob
output zone string = account.location
