/** Run by azd when all is up: waits until the app is ready, and hands whoever deployed it a token for an hour. */
import { firstToken, fullAccess } from '../../shared/access/index.ts';
import { openStores } from '../../shared/azure/index.ts';
import { randomIds, systemClock } from '../../shared/context.ts';
import { newTrace } from '../../shared/telemetry/index.ts';
import { flushRelay } from '../../shared/events/index.ts';
import { readSettings } from '../../shared/settings.ts';
import { azd } from './azd.ts';
import { deployerOf, isKept, welcomeLines, whenReady } from './greeting.ts';

const hour = 3600;
const values = { ...process.env, ...(await azd.values().catch(() => ({}))) } as Record<
  string,
  string | undefined
>;
const url = values['CAIRN_PUBLIC_URL'];
const print = (...lines: string[]) => process.stdout.write(`${lines.join('\n')}\n`);

if (!url) {
  print('CAIRN_PUBLIC_URL is not set: azd provision sets it.');
  process.exitCode = 1;
} else {
  const why = await whenReady(url, {
    secondsMax: Number(values['CAIRN_READY_SECONDS'] ?? 600),
    pauseSeconds: 5,
  });
  if (why !== undefined) {
    print(`${url} is not ready: ${why}`, 'docs/deploy.md says what to look at.');
    process.exitCode = 1;
  } else if (isKept(values))
    print(`Cairn is ready at ${url}. No token is made where others read what is printed.`);
  else await greet(url);
}

/** Whoever deploys need not be the first admin, and a token of theirs would then open nothing. */
function isAnother(who: string): boolean {
  const admin = values['CAIRN_FIRST_ADMIN'];
  return Boolean(admin) && admin?.toLowerCase() !== who;
}

async function greet(at: string): Promise<void> {
  const who = deployerOf(await azd.token('https://management.azure.com/.default'));
  if (isAnother(who)) {
    print(
      `Cairn is ready at ${at}. No token is made for you, ${who}: the first admin is ${values['CAIRN_FIRST_ADMIN']}, who gives you a role.`,
    );
    return;
  }
  const settings = readSettings({
    AzureWebJobsStorage__blobServiceUri: values['STORAGE_BLOB_ENDPOINT'],
    AzureWebJobsStorage__queueServiceUri: values['STORAGE_QUEUE_ENDPOINT'],
    COSMOS_ENDPOINT: values['COSMOS_ENDPOINT'],
    // A store on this machine, which tests and trials have.
    AzureWebJobsStorage: values['AzureWebJobsStorage'],
    CAIRN_COSMOS_TRANSPORT: values['CAIRN_COSMOS_TRANSPORT'],
  });
  const stores = await openStores(settings);
  try {
    const token = await firstToken(
      {
        principal: { id: who, name: who },
        workspace: '*',
        access: fullAccess,
        requestId: randomIds.uuid(),
        trace: newTrace(),
        clock: systemClock,
        ids: randomIds,
        log: { info() {}, warn() {}, error() {} },
        stores,
        settings,
      },
      hour,
    );
    await flushRelay(stores);
    print(...welcomeLines(at, token, hour / 60));
  } catch (error) {
    print(
      `Cairn is ready at ${at}. No token could be made from here: ${(error as Error).message}`,
      'In a private network only a machine within it can: run node infra/hooks/welcome.ts there. A role that is new is in force after some minutes.',
    );
  } finally {
    await stores.close();
  }
}
