// Whom alerts and the budget tell.
param tags object
param token string
param email string

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

output actionGroupId string = people.id
