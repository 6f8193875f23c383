import { app } from '@azure/functions';
import { flushSeen } from '../shared/access/index.ts';
import { handOnChunks } from '../shared/batch/index.ts';
import { flushRelay } from '../shared/events/index.ts';
import { stopExecutors } from '../shared/executors/index.ts';
import { flushPredictions } from '../shared/predictions/index.ts';
import { flushSummaries } from '../shared/summaries/index.ts';
import { app as opened, closeApp, flushUsed } from './app.ts';
import { blobs } from './blobs.ts';
import { chunks } from './chunks.ts';
import { http } from './http.ts';
import { predictions, predictionsPoison } from './predictions.ts';
import { tick } from './tick.ts';
import { work } from './work.ts';

app.setup({ enableHttpStream: true });

app.http('http', {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
  authLevel: 'anonymous',
  route: '{*path}',
  handler: http,
});

// Of two apps, the one that answers calls of endpoints does nothing else.
if (process.env['CAIRN_SURFACES'] !== 'inference') {
  /** Each minute; an idle one costs a point read. */
  app.timer('tick', { schedule: '0 * * * * *', handler: tick });

  const connection = 'AzureWebJobsStorage';
  app.storageQueue('blobs', { queueName: 'blob-events', connection, handler: blobs });
  app.storageQueue('chunks', { queueName: 'batch-chunks', connection, handler: chunks });
  app.storageQueue('predictions', { queueName: 'predictions', connection, handler: predictions });
  app.storageQueue('predictionsPoison', {
    queueName: 'predictions-poison',
    connection,
    handler: predictionsPoison,
  });
  app.storageQueue('work', { queueName: 'work', connection, handler: work });
}

/** Settings are checked before the first request; what is wrong is said once, all of it. */
app.hook.appStart(async () => {
  await opened();
});

/** What waits in memory is written, all at once: the host gives five seconds. */
app.hook.appTerminate(async () => {
  stopExecutors();
  const { stores } = await opened();
  // One that fails keeps no other from being written.
  await Promise.allSettled([
    handOnChunks(stores),
    flushRelay(stores),
    flushPredictions(stores),
    flushSummaries(stores),
    flushSeen(stores),
    flushUsed(),
  ]);
  await closeApp();
});
