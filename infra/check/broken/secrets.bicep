// Secrets that the history of deployments would show.
param clientSecret string

@secure()
param password string

param insightsName string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

var where = insights.properties.ConnectionString
var told = 'at ${where}'

output shown string = '${password}!'
output connection string = insights.properties.ConnectionString
output length int = length(clientSecret)
output hidden string = told
