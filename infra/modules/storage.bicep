// One storage account for data, queues, the host's own leases, and the package of the app.
param location string
param tags object
param token string
param auditImmutableDays int
param retentionDaysMax int
param appOrigin string
param zoneRedundant bool
param isPrivate bool

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: 'stcairn${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Closed to all but the private endpoints and Event Grid, which has no other way in: with the public network disabled
    // as a whole, services that are trusted are kept out as well.
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      bypass: 'AzureServices'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    // What is overwritten or removed stays as a version, until the lifecycle removes that. It is then, as what had no
    // versions, deleted softly for some days more.
    isVersioningEnabled: true
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 7
    }
    // The pages of the app put files to be scored straight into storage, each by a URL that writes it alone.
    cors: {
      corsRules: [
        {
          allowedOrigins: [
            appOrigin
          ]
          allowedMethods: [
            'PUT'
          ]
          allowedHeaders: [
            'content-type'
            'x-ms-*'
          ]
          exposedHeaders: [
            'etag'
            'x-ms-request-id'
          ]
          maxAgeInSeconds: 3600
        }
      ]
    }
  }
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {}
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'app-package'
  properties: {
    publicAccess: 'None'
  }
}

// Where the package of each app lies; one container would hold one package.
resource inferencePackages 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'app-package-inference'
  properties: {
    publicAccess: 'None'
  }
}

module declared '../generated/storage.bicep' = {
  name: 'storage-declared'
  params: {
    accountName: account.name
    retentionDaysMax: retentionDaysMax
  }
  dependsOn: [
    blobs
    queues
  ]
}

resource audit 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' existing = {
  parent: blobs
  name: 'audit'
}

// What is written of the audit log can be added to and neither changed nor removed, by nobody. The policy can be
// taken away until somebody locks it, which is a step of its own (docs/audit-format.md): nothing undoes that.
resource auditPolicy 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2024-01-01' = {
  parent: audit
  name: 'default'
  properties: {
    immutabilityPeriodSinceCreationInDays: auditImmutableDays
    allowProtectedAppendWrites: true
  }
  dependsOn: [
    declared
  ]
}

output name string = account.name
output deadLetterContainer string = declared.outputs.deadLetterContainer
output packageContainer string = packages.name
output inferencePackageContainer string = inferencePackages.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
output queueEndpoint string = account.properties.primaryEndpoints.queue
