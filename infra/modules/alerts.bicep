// What goes wrong, told by mail. On logs where only they know; on figures of the resources else.
param location string
param tags object
param token string
param email string
param workspaceId string
param storageName string
param cosmosName string
param vaultName string
param topicName string

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-cairn-${token}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'cairn'
    enabled: true
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

module onLogs 'log-alerts.bicep' = {
  name: 'alerts-on-logs'
  params: {
    location: location
    tags: tags
    token: token
    workspaceId: workspaceId
    actionGroupId: people.id
  }
}

module onMetrics 'metric-alerts.bicep' = {
  name: 'alerts-on-metrics'
  params: {
    tags: tags
    token: token
    storageName: storageName
    cosmosName: cosmosName
    vaultName: vaultName
    topicName: topicName
    actionGroupId: people.id
  }
}
