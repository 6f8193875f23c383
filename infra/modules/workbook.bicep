// Calls, work and what costs, on one page of the portal. It costs nothing: what it shows is kept anyway.
param location string
param tags object
param insightsName string
param workspaceId string
param storageName string
param cosmosName string
param appNames array

var apps = [for name in appNames: resourceId('Microsoft.Web/sites', name)]
var page = loadTextContent('../workbook.json')
var ofWorkspace = replace(page, '@@workspace@@', workspaceId)
var ofStorage = replace(ofWorkspace, '@@storage@@', storage.id)
var ofCosmos = replace(ofStorage, '@@cosmos@@', cosmos.id)
var ofInsights = replace(ofCosmos, '@@insights@@', insights.id)

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' existing = {
  name: cosmosName
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'cairn')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Cairn'
    category: 'workbook'
    version: '1.0'
    sourceId: insights.id
    // Between the quotes of one id stand those of all apps.
    serializedData: replace(ofInsights, '@@apps@@', join(apps, '","'))
  }
}
