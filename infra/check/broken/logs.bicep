// A vault that tells nobody who used it: what is there sends nothing, or not to the workspace.
param location string
param tags object
param workspaceId string

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: 'kv-cairn'
  location: location
  tags: tags
  properties: {
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    publicNetworkAccess: 'Disabled'
    networkAcls: { defaultAction: 'Deny' }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'cairn'
  properties: {
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

resource off 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'off'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'AuditEvent', enabled: false }]
  }
}
