// Waiting for what is named anyway.
param location string
param tags object

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-cairn'
  location: location
  tags: tags
  sku: { name: 'FC1' }
  properties: { reserved: true }
}

resource site 'Microsoft.Web/sites/config@2024-04-01' existing = {
  name: '${plan.name}/appsettings'
}

module names '../../generated/documents.bicep' = {
  name: 'documents'
  params: {
    accountName: plan.name
    requestUnitsMax: 0
  }
  dependsOn: [
    plan
    site
  ]
}
