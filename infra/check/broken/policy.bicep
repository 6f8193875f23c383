// Keys, public blobs, an old protocol, a right nobody has thought about, and a vault that can be emptied.
param location string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: 'stcairn'
  location: location
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    allowBlobPublicAccess: true
    minimumTlsVersion: 'TLS1_0'
    supportsHttpsTrafficOnly: true
  }
}

var owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'

output key string = account.listKeys().keys[0].value
output role string = owner

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: 'kv-cairn'
  location: location
  properties: {
    enableRbacAuthorization: false
    enableSoftDelete: true
  }
}
