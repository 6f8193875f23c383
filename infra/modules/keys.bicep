// What model versions are signed with, and what seals the secrets that people hand to the platform. The
// private key never leaves the vault; the sealing secret is made by the app, so it stands in no deployment.
// A deleted vault holds its name until it is recovered or its days are over: nothing can purge it earlier.
param location string
param tags object
param token string
param isPrivate bool

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: 'kv-cairn-${token}'
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    // Else Azure Resource Manager could not make the key below.
    networkAcls: {
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      bypass: 'AzureServices'
    }
  }
}

// Made once: to deploy again changes no key, and a new version comes by rotating it.
resource signing 'Microsoft.KeyVault/vaults/keys@2024-11-01' = {
  parent: vault
  name: 'cairn-signing'
  tags: tags
  properties: {
    kty: 'EC'
    curveName: 'P-256'
    keyOps: [
      'sign'
      'verify'
    ]
  }
}

output name string = vault.name
output url string = vault.properties.vaultUri
output signingKeyName string = signing.name
