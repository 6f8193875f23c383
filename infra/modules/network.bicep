// The network of a private deployment, with storage, metadata and keys in it. Each app has a subnet of its own, so that one cannot take the other's addresses
// (the platform uses up to 40 for an app); jobs have one, since they may share none with apps; the private endpoints of
// storage, metadata and keys have one that takes HTTPS from the network and nothing else.
param location string
param tags object
param token string

@description('A block of 256 addresses, as 10.90.0.0/24.')
param addresses string

param storageName string
param cosmosName string
param vaultName string

resource guard 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-cairn-${token}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'https-from-network'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: 'VirtualNetwork'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '443'
        }
      }
      {
        name: 'nothing-else'
        properties: {
          priority: 4096
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-cairn-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        addresses
      ]
    }
    // Within the network: as resources of their own, subnets are taken away while the network is deployed again.
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addresses, 26, 0)
          delegations: [{ name: 'app', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'inference'
        properties: {
          addressPrefix: cidrSubnet(addresses, 26, 1)
          delegations: [{ name: 'inference', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'jobs'
        properties: {
          addressPrefix: cidrSubnet(addresses, 26, 2)
          delegations: [{ name: 'jobs', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'private-endpoints'
        properties: {
          addressPrefix: cidrSubnet(addresses, 26, 3)
          privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled'
          networkSecurityGroup: { id: guard.id }
        }
      }
    ]
  }
}

resource appSubnet 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' existing = {
  parent: network
  name: 'app'
}

resource inferenceSubnet 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' existing = {
  parent: network
  name: 'inference'
}

resource jobsSubnet 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' existing = {
  parent: network
  name: 'jobs'
}

resource endpointsSubnet 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' existing = {
  parent: network
  name: 'private-endpoints'
}

module endpoints 'private-endpoints.bicep' = {
  name: 'private-endpoints'
  params: {
    location: location
    tags: tags
    token: token
    networkId: network.id
    subnetId: endpointsSubnet.id
    storageName: storageName
    cosmosName: cosmosName
    vaultName: vaultName
  }
}

output appSubnetId string = appSubnet.id
output inferenceSubnetId string = inferenceSubnet.id
output jobsSubnetId string = jobsSubnet.id
