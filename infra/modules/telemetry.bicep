// Where logs, traces and metrics go. Only identities that hold Monitoring Metrics Publisher may send.
param location string
param tags object
param token string

@description('Gigabytes a day after which the workspace takes no more until the next; -1 for no end.')
param logDailyGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-cairn-${token}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
    // A storm of errors must not become a bill. Alerts on logs are blind once it is reached; those on figures are not.
    workspaceCapping: { dailyQuotaGb: logDailyGb }
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-cairn-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

output insightsName string = insights.name
output workspaceId string = workspace.id
