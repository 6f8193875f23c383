// Cairn in one resource group. What the code declares (containers, queues, app settings) comes from
// generated/, which `npm run generate` writes; everything else is decided here and in modules/.
targetScope = 'subscription'

@description('Name of the azd environment; part of the name of the resource group.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Region of every resource. It must offer Flex Consumption.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Who deploys: gets the same access to the data as the app. Empty for nobody.')
param principalId string = ''

@description('Kind of principalId; ServicePrincipal in a pipeline.')
@allowed([
  'User'
  'Group'
  'ServicePrincipal'
])
param principalType string = 'User'

@description('Who is admin of everything without a grant, as entra:<tenant id>/<object id>. Empty for who deploys; azd keeps who that was, so that it does not change with who deploys next.')
param firstAdmin string = ''

@description('Node.js version of the app.')
param nodeVersion string = '22'

@description('Memory of an instance, in MB; a core comes with each 2048.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('Most instances at a time, of each app.')
@minValue(40)
@maxValue(1000)
param instanceCountMax int = 100

@description('Instances for HTTP that never go, so that no call waits for one to start; 0 for none. Of two apps that for calls of endpoints has them.')
@minValue(0)
param alwaysReady int = 0

@description('HTTP calls that an instance answers at a time, before another is started.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 16

@description('One app, or two: then a storm of calls of endpoints cannot touch tracking, nor the reverse.')
@allowed([
  'one'
  'two'
])
param apps string = 'one'

@description('Spread instances, storage and metadata over the zones of the region; it must have them. It cannot be changed later.')
param zoneRedundant bool = false

@description('Pay for requests (serverless), or for provisioned throughput that scales itself (autoscale).')
@allowed([
  'serverless'
  'autoscale'
])
param cosmosCapacity string = 'serverless'

@description('With autoscale: request units a second that all containers together may use.')
@minValue(1000)
param cosmosRequestUnitsMax int = 1000

@description('Name of the account of the metadata; empty for one that follows from the environment. After a restore: the account that was restored into.')
param cosmosAccount string = ''

@description('Where storage, metadata and keys answer: to all who hold a role (public), or only within a network that is made for it (private). Clients must then be in it, too, to move large files.')
@allowed([
  'public'
  'private'
])
param network string = 'public'

@description('Addresses of the private network, a block of 256; choose it apart from what is to be peered with it.')
param networkAddresses string = '10.90.0.0/24'

@description('Gigabytes of logs a day after which no more are taken until the next day; -1 for no end.')
@minValue(-1)
param logDailyGb int = 1

@description('Who is told of alerts; empty for nobody, and no alert rules, since each costs something.')
param alertEmail string = ''

@description('What a month may cost, in the currency of the subscription, before its owners are told; 0 for no budget.')
@minValue(0)
param budgetMonthly int = 0

@description('First day of the month in which the budget was made (2026-11-01); azd keeps it, since Azure refuses another one. Empty for this month.')
param budgetStart string = ''

@description('Only for its default: a function that no other place may call. Not to be given.')
param thisMonth string = utcNow('yyyy-MM-01')

@description('Image of the container that trains models anew, in a Container Apps job; empty for no job.')
param trainingImage string = ''

@description('Resource id of the Azure Container Registry that the image lies in; empty for an image that anyone may pull.')
param trainingRegistry string = ''

@description('Resource id of the Container Apps job that converts models of other flavours to ONNX; empty for none.')
param converterJob string = ''

@description('Application (client) id of the Entra app registration that people sign in to; empty for Cairn tokens alone.')
param entraClientId string = ''

@description('Where Entra ID is; other clouds have others.')
param entraAuthority string = 'https://login.microsoftonline.com'

@description('Issuer of the OIDC tokens of GitHub Actions; GitHub Enterprise Server has its own.')
param githubIssuer string = 'https://token.actions.githubusercontent.com'

@description('The longest that predictions, labels and scored files are kept, in days. It ends also what a hold keeps: raise it while one stands.')
@minValue(183)
param retentionDaysMax int = 1825

@description('OpenLineage backend that is told of runs, scored files, retrainings and conversions; empty for none.')
param openLineageUrl string = ''

@description('Name of the secret in the Key Vault that the OpenLineage backend takes as bearer token; empty for none.')
param openLineageKeySecret string = ''

@description('What trains models anew, by name, as the setting CAIRN_EXECUTORS has it: an object.')
param executors object = {}

@description('Seconds that a retraining or a conversion may run before it is stopped.')
@minValue(1)
param executorSecondsMax int = 600

@description('Days for which nobody can change or remove a segment of the audit log, from when it was begun.')
@minValue(1)
@maxValue(146000)
param auditImmutableDays int = 400

var isPrivate = network == 'private'
var tags = { 'azd-env-name': environmentName }
var token = toLower(uniqueString(subscription().id, environmentName, location))

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module telemetry 'modules/telemetry.bicep' = {
  name: 'telemetry'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    logDailyGb: logDailyGb
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    retentionDaysMax: retentionDaysMax
    auditImmutableDays: auditImmutableDays
    isPrivate: isPrivate
    zoneRedundant: zoneRedundant
    // By the name that modules/app.bicep gives the app whose pages upload, which needs the account to be there first.
    appOrigin: 'https://func-cairn-${token}.azurewebsites.net'
  }
}

module cosmos 'modules/cosmos.bicep' = {
  name: 'cosmos'
  scope: group
  params: {
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    isPrivate: isPrivate
    accountName: empty(cosmosAccount) ? 'cosmos-cairn-${token}' : cosmosAccount
    requestUnitsMax: cosmosCapacity == 'serverless' ? 0 : cosmosRequestUnitsMax
  }
}

module keys 'modules/keys.bicep' = {
  name: 'keys'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    isPrivate: isPrivate
  }
}

module access 'modules/access.bicep' = {
  name: 'access'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    storageName: storage.outputs.name
    cosmosName: cosmos.outputs.name
    insightsName: telemetry.outputs.insightsName
    vaultName: keys.outputs.name
    signingKeyName: keys.outputs.signingKeyName
    principalId: principalId
    principalType: principalType
  }
}

module events 'modules/events.bicep' = {
  name: 'events'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    storageName: storage.outputs.name
    deadLetterContainer: storage.outputs.deadLetterContainer
  }
}

module diagnostics 'modules/diagnostics.bicep' = {
  name: 'diagnostics'
  scope: group
  params: {
    workspaceId: telemetry.outputs.workspaceId
    storageName: storage.outputs.name
    cosmosName: cosmos.outputs.name
    vaultName: keys.outputs.name
    topicName: events.outputs.topicName
  }
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmail)) {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    email: alertEmail
    workspaceId: telemetry.outputs.workspaceId
    storageName: storage.outputs.name
    cosmosName: cosmos.outputs.name
    vaultName: keys.outputs.name
    topicName: events.outputs.topicName
  }
}

var budgetSince = empty(budgetStart) ? thisMonth : budgetStart

module budget 'modules/budget.bicep' = if (budgetMonthly > 0) {
  name: 'budget'
  scope: group
  params: {
    amount: budgetMonthly
    start: budgetSince
    email: alertEmail
  }
}

// Before the apps: a host looks for its storage as soon as it starts.
module privateNetwork 'modules/network.bicep' = if (isPrivate) {
  name: 'network'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    addresses: networkAddresses
    storageName: storage.outputs.name
    cosmosName: cosmos.outputs.name
    vaultName: keys.outputs.name
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  scope: group
  params: {
    location: location
    tags: tags
    suffix: token
    service: 'app'
    identityName: access.outputs.identityName
    storageName: storage.outputs.name
    packageContainer: storage.outputs.packageContainer
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    instanceCountMax: instanceCountMax
    alwaysReady: apps == 'two' ? 0 : alwaysReady
    httpConcurrency: httpConcurrency
    zoneRedundant: zoneRedundant
    subnetId: isPrivate ? privateNetwork.outputs.appSubnetId : ''
  }
}

module inference 'modules/app.bicep' = if (apps == 'two') {
  name: 'inference'
  scope: group
  params: {
    location: location
    tags: tags
    suffix: 'infer-${token}'
    service: 'inference'
    identityName: access.outputs.identityName
    storageName: storage.outputs.name
    packageContainer: storage.outputs.inferencePackageContainer
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    instanceCountMax: instanceCountMax
    alwaysReady: alwaysReady
    httpConcurrency: httpConcurrency
    zoneRedundant: zoneRedundant
    subnetId: isPrivate ? privateNetwork.outputs.inferenceSubnetId : ''
  }
}

module training 'modules/training.bicep' = if (!empty(trainingImage)) {
  name: 'training'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    image: trainingImage
    registryId: trainingRegistry
    secondsMax: executorSecondsMax
    workspaceId: telemetry.outputs.workspaceId
    zoneRedundant: zoneRedundant
    subnetId: isPrivate ? privateNetwork.outputs.jobsSubnetId : ''
    appIdentityName: access.outputs.identityName
  }
}

var deployer = empty(principalId) ? '' : 'entra:${tenant().tenantId}/${principalId}'
var admin = empty(firstAdmin) ? deployer : firstAdmin

// Apart from the apps, since each is told where the other is.
module settings 'modules/settings.bicep' = [
  for surfaces in (apps == 'two' ? ['control', 'inference'] : ['all']): {
    name: 'settings-${surfaces}'
    scope: group
    params: {
      appName: surfaces == 'inference' ? inference.outputs.name : app.outputs.name
      surfaces: surfaces
      publicUrl: app.outputs.url
      inferenceUrl: apps == 'two' ? inference.outputs.url : ''
      identityName: access.outputs.identityName
      storageName: storage.outputs.name
      cosmosEndpoint: cosmos.outputs.endpoint
      keyVaultUrl: keys.outputs.url
      insightsName: telemetry.outputs.insightsName
      instanceMemoryMB: instanceMemoryMB
      converterJob: converterJob
      firstAdmin: admin
      entraClientId: entraClientId
      entraAuthority: entraAuthority
      githubIssuer: githubIssuer
      retentionDaysMax: retentionDaysMax
      openLineageUrl: openLineageUrl
      openLineageKeySecret: openLineageKeySecret
      executors: union(empty(trainingImage) ? {} : training.outputs.executors, executors)
      executorSecondsMax: executorSecondsMax
    }
  }
]

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    tags: tags
    insightsName: telemetry.outputs.insightsName
    workspaceId: telemetry.outputs.workspaceId
    storageName: storage.outputs.name
    cosmosName: cosmos.outputs.name
    appNames: apps == 'two' ? [app.outputs.name, inference.outputs.name] : [app.outputs.name]
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_NAME string = app.outputs.name
output CAIRN_PUBLIC_URL string = app.outputs.url
output CAIRN_INFERENCE_URL string = apps == 'two' ? inference.outputs.url : ''
output CAIRN_FIRST_ADMIN string = admin
output COSMOS_ENDPOINT string = cosmos.outputs.endpoint
output STORAGE_BLOB_ENDPOINT string = storage.outputs.blobEndpoint
output STORAGE_QUEUE_ENDPOINT string = storage.outputs.queueEndpoint
output AZURE_KEY_VAULT_URL string = keys.outputs.url
output CAIRN_BUDGET_START string = budgetMonthly > 0 ? budgetSince : ''
