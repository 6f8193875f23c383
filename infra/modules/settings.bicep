// What an app is told: the settings that the code declares, and those that the platform reads. Of two apps each gets
// the same, but for what it serves.
param appName string

@allowed([
  'all'
  'control'
  'inference'
])
param surfaces string

param publicUrl string
param inferenceUrl string
param identityName string
param storageName string
param cosmosEndpoint string
param keyVaultUrl string
param insightsName string
param instanceMemoryMB int
param converterJob string
param firstAdmin string
param entraClientId string
param entraAuthority string
param githubIssuer string
param retentionDaysMax int
param openLineageUrl string
param openLineageKeySecret string
param executors object
param executorSecondsMax int

resource site 'Microsoft.Web/sites@2024-04-01' existing = {
  name: appName
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityName
}

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

module declared '../generated/settings.bicep' = {
  name: 'settings-declared-${surfaces}'
  params: {
    azureWebJobsStorageBlobServiceUri: storage.properties.primaryEndpoints.blob
    azureWebJobsStorageQueueServiceUri: storage.properties.primaryEndpoints.queue
    azureWebJobsStorageClientId: identity.properties.clientId
    cosmosEndpoint: cosmosEndpoint
    cairnKeyVaultUrl: keyVaultUrl
    cairnSurfaces: surfaces
    cairnPublicUrl: publicUrl
    cairnInferenceUrl: inferenceUrl
    cairnConverterJob: converterJob
    cairnFirstAdmin: firstAdmin
    cairnEntraTenant: empty(entraClientId) ? '' : tenant().tenantId
    cairnEntraClientId: entraClientId
    cairnEntraAuthority: entraAuthority
    cairnGithubIssuer: githubIssuer
    cairnRetentionDaysMax: '${retentionDaysMax}'
    cairnOpenlineageUrl: openLineageUrl
    cairnOpenlineageKeySecret: openLineageKeySecret
    cairnExecutors: string(executors)
    cairnExecutorSecondsMax: '${executorSecondsMax}'
    cairnInstanceMb: '${instanceMemoryMB}'
    // A quarter of the instance: the host, the app and the calls need the rest.
    cairnSessionCacheMbMax: '${instanceMemoryMB / 4}'
    // An instance has 0.8 GB of disk, and files that are scored or inspected pass over it as well.
    cairnModelFilesMbMax: '512'
  }
}

resource appSettings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: site
  name: 'appsettings'
  properties: union(declared.outputs.values, {
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsDisableHomepage: 'true'
    // The app refuses bodies that are too long by itself, and says what to do instead.
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1099511627776'
    // The C library else keeps free memory apart for each thread: a sixth more of it while Parquet is scored.
    MALLOC_ARENA_MAX: '1'
    // onnxruntime else tells its makers of each machine and model.
    ORT_DISABLE_TELEMETRY: '1'
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  })
}
