// What trains models, and runs only while it does: a Container Apps job that the app starts as the executor `training`.
// The job may pull its image and nothing else; what it needs of Cairn it does by the token that a start hands it.
param location string
param tags object
param token string
param image string

@description('Resource id of the Azure Container Registry with the image; empty for an image that anyone may pull.')
param registryId string

param secondsMax int
param workspaceId string
param zoneRedundant bool

@description('Subnet of its own in the private network; empty for none. Without a network there are no zones to spread over.')
param subnetId string

param appIdentityName string

var here = resourceGroup().id
// Looked at even where there is no registry.
var registry = split(empty(registryId) ? here : registryId, '/')

resource appIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: appIdentityName
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-cairn-training-${token}'
  location: location
  tags: tags
}

module pull 'image-pull.bicep' = if (!empty(registryId)) {
  name: 'training-image-pull'
  // Where the registry is: it is seldom made for this deployment alone.
  scope: resourceGroup(registry[2], registry[4])
  params: {
    registryName: last(registry)
    principalId: identity.properties.principalId
  }
}

resource host 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: 'cae-cairn-${token}'
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: { destination: 'azure-monitor' }
    workloadProfiles: [
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ]
    vnetConfiguration: empty(subnetId) ? null : { infrastructureSubnetId: subnetId, internal: true }
    zoneRedundant: zoneRedundant && !empty(subnetId)
  }
}

// What the training prints, and why a container did not start.
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: host
  name: 'cairn'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'ContainerAppConsoleLogs', enabled: true }
      { category: 'ContainerAppSystemLogs', enabled: true }
    ]
  }
}

resource job 'Microsoft.App/jobs@2024-03-01' = {
  name: 'caj-cairn-training'
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    environmentId: host.id
    workloadProfileName: 'Consumption'
    configuration: {
      triggerType: 'Manual'
      replicaTimeout: secondsMax
      // The app counts the tries.
      replicaRetryLimit: 0
      manualTriggerConfig: {
        parallelism: 1
        replicaCompletionCount: 1
      }
      registries: empty(registryId) ? [] : [{ server: split(image, '/')[0], identity: identity.id }]
    }
    template: {
      containers: [
        {
          name: 'training'
          image: image
          resources: {
            cpu: 2
            memory: '4Gi'
          }
        }
      ]
    }
  }
  dependsOn: [
    pull
  ]
}

// What the app does with the job, and no more: the role that is built in may change it as well.
resource starter 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(here, 'start-jobs')
  properties: {
    roleName: 'Cairn starts jobs (${token})'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.App/jobs/read'
          'Microsoft.App/jobs/start/action'
          'Microsoft.App/jobs/execution/read'
          'Microsoft.App/jobs/executions/read'
          'Microsoft.App/jobs/stop/execution/action'
        ]
        notActions: []
      }
    ]
    assignableScopes: [here]
  }
}

resource mayStart 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: job
  name: guid(job.id, appIdentity.id, starter.id)
  properties: {
    roleDefinitionId: starter.id
    principalId: appIdentity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

output executors object = { training: { container_job: job.id } }
