// Storage, metadata and keys within the network, by the names that they have outside of it.
param location string
param tags object
param token string
param networkId string
param subnetId string
param storageName string
param cosmosName string
param vaultName string

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' existing = {
  name: cosmosName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

module blob 'private-endpoint.bicep' = {
  name: 'private-blob'
  params: {
    location: location
    tags: tags
    name: 'pe-cairn-blob-${token}'
    resourceId: storage.id
    groupId: 'blob'
    zoneName: 'privatelink.blob.${environment().suffixes.storage}'
    networkId: networkId
    subnetId: subnetId
  }
}

module queue 'private-endpoint.bicep' = {
  name: 'private-queue'
  params: {
    location: location
    tags: tags
    name: 'pe-cairn-queue-${token}'
    resourceId: storage.id
    groupId: 'queue'
    zoneName: 'privatelink.queue.${environment().suffixes.storage}'
    networkId: networkId
    subnetId: subnetId
  }
}

module documents 'private-endpoint.bicep' = {
  name: 'private-documents'
  params: {
    location: location
    tags: tags
    name: 'pe-cairn-documents-${token}'
    resourceId: cosmos.id
    groupId: 'Sql'
    zoneName: 'privatelink.documents.azure.com'
    networkId: networkId
    subnetId: subnetId
  }
}

module keys 'private-endpoint.bicep' = {
  name: 'private-keys'
  params: {
    location: location
    tags: tags
    name: 'pe-cairn-keys-${token}'
    resourceId: vault.id
    groupId: 'vault'
    zoneName: 'privatelink.vaultcore.azure.net'
    networkId: networkId
    subnetId: subnetId
  }
}
