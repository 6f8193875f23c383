// Everything that Azure's description of a type can tell: line by line.
param location string
param redundancy string = 'Standard_LSR'

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: 'no'
  location: location
  sku: { name: redundancy }
  properties: {
    allowSharedKeyAcess: false
    allowSharedKeyAccess: 'false'
    allowBlobPublicAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    creationTime: '2026-01-01'
  }
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@1999-01-01' = {
  name: 'stcairn/default/work'
}

output endpoint string = account.properties.primaryEndpoint
