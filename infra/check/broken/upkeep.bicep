// What nobody can tell apart on the bill, previews, and two versions of one type.
param location string
param tags object

resource vault 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: 'privatelink.vaultcore.azure.net'
  location: location
}

resource queue 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: 'privatelink.queue.core.windows.net'
  location: location
  tags: {}
}

resource network 'Microsoft.Network/virtualNetworks@2023-04-01' = {
  name: 'vnet-cairn'
  location: location
  tags: tags
}

resource hub 'Microsoft.App/containerApps@2024-02-02-preview' = {
  name: 'app'
  location: location
  tags: tags
}
