// Alerts on logs: each is a query that finds rows only where something is wrong. They are asked each quarter of an
// hour, which costs a third of five minutes, over half an hour, since rows arrive late.
param location string
param tags object
param token string
param workspaceId string
param actionGroupId string

var rules = [
  {
    name: 'failed-invocations'
    title: 'Functions of queues or the timer fail'
    severity: 2
    query: loadTextContent('../queries/failed-invocations.kql')
  }
  {
    name: 'poison-messages'
    title: 'Messages were put aside after five tries'
    severity: 2
    query: loadTextContent('../queries/poison-messages.kql')
  }
  {
    name: 'server-errors'
    title: 'Calls are answered with server errors'
    severity: 1
    query: loadTextContent('../queries/server-errors.kql')
  }
  {
    name: 'silent-timer'
    title: 'The timer does not run: nothing that is due is done'
    severity: 1
    query: loadTextContent('../queries/silent-timer.kql')
  }
]

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: 'alert-cairn-${rule.name}-${token}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Cairn: ${rule.title}'
      severity: rule.severity
      enabled: true
      scopes: [
        workspaceId
      ]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT30M'
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      autoMitigate: true
      // A table is there from its first row on, which comes after this.
      skipQueryValidation: true
      actions: {
        actionGroups: [
          actionGroupId
        ]
      }
    }
  }
]
