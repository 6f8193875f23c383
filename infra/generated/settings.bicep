// Generated from shared/settings.ts by `npm run generate`; change it there.

@description('Blob endpoint of the storage account, reached by managed identity.')
param azureWebJobsStorageBlobServiceUri string

@description('Queue endpoint of the storage account, reached by managed identity.')
param azureWebJobsStorageQueueServiceUri string

@description('Client id of the user-assigned identity that reads and writes storage and Cosmos DB.')
param azureWebJobsStorageClientId string

@description('Endpoint of the Cosmos DB account.')
param cosmosEndpoint string

@description('`on` refuses every caller who is not signed in; `off` is for loopback only and refused in Azure.')
@allowed([
  'on'
  'off'
])
param cairnAuth string = 'on'

@description('Principal that is admin of everything without a grant: a user name, or `entra:<tenant id>/<object id>`; `azd up` sets it to who deploys first.')
param cairnFirstAdmin string = ''

@description('Id of the Entra ID tenant whose tokens are accepted; empty for none.')
param cairnEntraTenant string = ''

@description('Application (client) id of the app registration that tokens must be made for.')
param cairnEntraClientId string = ''

@description('Where Entra ID is; other clouds have others.')
param cairnEntraAuthority string

@description('`on` asks Microsoft Graph every ten minutes who of Entra ID has left and disables them here, for which the identity of the app needs User.Read.All and Application.Read.All.')
@allowed([
  'on'
  'off'
])
param cairnDirectoryCheck string = 'off'

@description('Issuer of the OIDC tokens of GitHub Actions; GitHub Enterprise Server has its own.')
param cairnGithubIssuer string

@description('The longest life that a Cairn token can be given, in days.')
param cairnTokenDaysMax string = '365'

@description('Calls that one principal may make in one workspace each minute before it is told to wait.')
param cairnCallsPerMinute string = '6000'

@description('What becomes of params and tags that look like keys, signed URLs or private keys: `redact` keeps a note in their place, `refuse` answers 400, `keep` stores them.')
@allowed([
  'redact'
  'refuse'
  'keep'
])
param cairnSecretsInTexts string = 'redact'

@description('Which surfaces this app serves: all, or one half of a two-app deployment.')
@allowed([
  'all'
  'control'
  'inference'
])
param cairnSurfaces string = 'all'

@description('What trains models anew, as JSON by name: {"name": {"container_job": "<resource id>"}}, {"name": {"github": {"owner", "repo", "workflow" or "event_type", "ref", "token_secret", "api_url"}}}, {"name": {"webhook": {"url", "secret", "heartbeat_seconds"}}}, or on this machine {"name": {"process": ["program", "argument", …]}}. Secrets are named, and kept in the Key Vault (or the folder `secrets` of CAIRN_KEYS_FOLDER).')
param cairnExecutors string = '{}'

@description('How long a retraining or a conversion may run before it is stopped, in seconds.')
param cairnExecutorSecondsMax string = '600'

@description('Resource id of the Container Apps job that converts models of other flavours to ONNX; empty for none.')
param cairnConverterJob string = ''

@description('Where clients reach this app; handed to retraining and conversion jobs, and written into the programs that call an endpoint.')
param cairnPublicUrl string

@description('Where clients call endpoints, in a deployment of two apps; empty where it is CAIRN_PUBLIC_URL.')
param cairnInferenceUrl string

@description('Key Vault with the key that signs model versions and the secret that seals what must be stored secret.')
param cairnKeyVaultUrl string

@description('`public` refuses webhooks to private, loopback and link-local addresses and to plain http; `any` allows them and is refused in Azure.')
@allowed([
  'public'
  'any'
])
param cairnWebhookTargets string = 'public'

@description('OpenLineage backend that is told of runs, scored files, retrainings and conversions when they end; events go to its path api/v1/lineage.')
param cairnOpenlineageUrl string

@description('Name of the secret in the Key Vault (or of the file in the folder `secrets` of CAIRN_KEYS_FOLDER) that the OpenLineage backend takes as bearer token; empty for none. A rotation is noticed within minutes.')
param cairnOpenlineageKeySecret string = ''

@description('Memory that loaded models may take before the least recently used is released, in MB.')
param cairnSessionCacheMbMax string = '512'

@description('Memory of an instance, in MB. A model that needs more than this less 256 MB is not deployed. In Azure it is that of the plan.')
param cairnInstanceMb string = '2048'

@description('Disk of an instance that copies of model files may take, in MB; a model that is loaded again is read from there.')
param cairnModelFilesMbMax string = '2048'

@description('`public` refuses deployments at private, loopback and link-local addresses and at plain http; `any` allows them and is refused in Azure.')
@allowed([
  'public'
  'any'
])
param cairnScoringTargets string = 'public'

@description('How long deleted experiments, runs and logged models can be restored before they are removed for good, in days.')
param cairnDeletedRetentionDays string = '30'

@description('How long entries of the audit log can be searched, in days. Its signed segments stay beyond that, for as long as the storage account keeps them.')
param cairnAuditDays string = '400'

@description('The longest that predictions, labels and scored files can be kept by a data policy, in days; in Azure a lifecycle rule removes what is older, whether it is held or not.')
param cairnRetentionDaysMax string = '1825'

@description('How many traces each instance records a minute at most, where there is somebody to tell; of a busy one the rest is not recorded.')
param cairnTracesPerMinute string = '10'

@description('How long an instance buffers logged predictions before it writes them, in seconds: what a crash can lose.')
param cairnPredictionFlushSeconds string = '10'

output values object = {
  AzureWebJobsStorage__blobServiceUri: azureWebJobsStorageBlobServiceUri
  AzureWebJobsStorage__queueServiceUri: azureWebJobsStorageQueueServiceUri
  AzureWebJobsStorage__clientId: azureWebJobsStorageClientId
  COSMOS_ENDPOINT: cosmosEndpoint
  CAIRN_AUTH: cairnAuth
  CAIRN_FIRST_ADMIN: cairnFirstAdmin
  CAIRN_ENTRA_TENANT: cairnEntraTenant
  CAIRN_ENTRA_CLIENT_ID: cairnEntraClientId
  CAIRN_ENTRA_AUTHORITY: cairnEntraAuthority
  CAIRN_DIRECTORY_CHECK: cairnDirectoryCheck
  CAIRN_GITHUB_ISSUER: cairnGithubIssuer
  CAIRN_TOKEN_DAYS_MAX: cairnTokenDaysMax
  CAIRN_CALLS_PER_MINUTE: cairnCallsPerMinute
  CAIRN_SECRETS_IN_TEXTS: cairnSecretsInTexts
  CAIRN_SURFACES: cairnSurfaces
  CAIRN_EXECUTORS: cairnExecutors
  CAIRN_EXECUTOR_SECONDS_MAX: cairnExecutorSecondsMax
  CAIRN_CONVERTER_JOB: cairnConverterJob
  CAIRN_PUBLIC_URL: cairnPublicUrl
  CAIRN_INFERENCE_URL: cairnInferenceUrl
  CAIRN_KEY_VAULT_URL: cairnKeyVaultUrl
  CAIRN_WEBHOOK_TARGETS: cairnWebhookTargets
  CAIRN_OPENLINEAGE_URL: cairnOpenlineageUrl
  CAIRN_OPENLINEAGE_KEY_SECRET: cairnOpenlineageKeySecret
  CAIRN_SESSION_CACHE_MB_MAX: cairnSessionCacheMbMax
  CAIRN_INSTANCE_MB: cairnInstanceMb
  CAIRN_MODEL_FILES_MB_MAX: cairnModelFilesMbMax
  CAIRN_SCORING_TARGETS: cairnScoringTargets
  CAIRN_DELETED_RETENTION_DAYS: cairnDeletedRetentionDays
  CAIRN_AUDIT_DAYS: cairnAuditDays
  CAIRN_RETENTION_DAYS_MAX: cairnRetentionDaysMax
  CAIRN_TRACES_PER_MINUTE: cairnTracesPerMinute
  CAIRN_PREDICTION_FLUSH_SECONDS: cairnPredictionFlushSeconds
}
