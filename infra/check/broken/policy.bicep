// Keys, public blobs, an old protocol, a vault that can be emptied and that the wrong parameter closes, an app apart
// from the rest: said outright, left out, or let in by a way round.
param location string
param tags object
param allowKeys bool = false
param isOpen bool

var protocol = 'TLS1_0'

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: 'stcairn'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    allowBlobPublicAccess: isOpen ? true : false
    allowSharedKeyAccess: allowKeys
    minimumTlsVersion: protocol
    supportsHttpsTrafficOnly: true
    networkAcls: { defaultAction: 'Allow' }
  }
}

output key string = account.listKeys().keys[0].value

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: 'kv-cairn'
  location: location
  tags: tags
  properties: {
    enableRbacAuthorization: false
    enableSoftDelete: true
    publicNetworkAccess: isOpen ? 'Enabled' : 'Disabled'
    networkAcls: { defaultAction: isOpen ? 'Allow' : 'Deny' }
    accessPolicies: []
  }
}

resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-cairn'
  location: 'westeurope'
  tags: tags
  properties: {
    httpsOnly: true
    siteConfig: { minTlsVersion: '1.2' }
  }
}

resource scm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: site
  name: 'scm'
  properties: { allow: false }
}
