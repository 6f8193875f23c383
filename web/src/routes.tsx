import type { ComponentType } from 'react';
import { createHashRouter, type RouteObject } from 'react-router';
import { ApiError } from './api/client.ts';
import { PageFailure } from './app/PageFailure.tsx';
import { NotFoundPage } from './app/NotFoundPage.tsx';
import { Shell } from './app/Shell.tsx';

/** A page of its own file, loaded when it is first visited. */
function page(path: string, load: () => Promise<ComponentType>): RouteObject {
  return {
    path,
    errorElement: <PageFailure />,
    // A failure is thrown where the page would be drawn: there the error element takes it, with the shell around.
    lazy: async () => ({ Component: await load().catch(() => Broken) }),
  };
}

function Broken(): never {
  throw new ApiError(0, 'The code of this page did not come. It may have been replaced by a newer version.');
}

const runPage = async () => (await import('./run/RunPage.tsx')).RunPage;
const monitorPage = async () => (await import('./monitors/MonitorPage.tsx')).MonitorPage;

/** Every page by its hash. Links that MLflow's client prints are among them. */
export const router = createHashRouter([
  {
    element: <Shell />,
    errorElement: (
      <main className="page">
        <PageFailure />
      </main>
    ),
    // What a first visit shows while the code of its page arrives.
    HydrateFallback: () => null,
    children: [
      page('/', async () => (await import('./overview/OverviewPage.tsx')).OverviewPage),
      page('experiments/:experimentId', async () => (await import('./runs/RunsPage.tsx')).RunsPage),
      page('experiments/:experimentId/runs/:runId', runPage),
      page('runs/:runId', runPage),
      page('experiments', async () => (await import('./experiments/ExperimentsPage.tsx')).ExperimentsPage),
      page('models', async () => (await import('./models/ModelsPage.tsx')).ModelsPage),
      page('models/:name', async () => (await import('./model/ModelPage.tsx')).ModelPage),
      page(
        'models/:name/versions/:version',
        async () => (await import('./version/VersionPage.tsx')).VersionPage,
      ),
      page(
        'models/:name/promotions/:number',
        async () => (await import('./promotion/PromotionPage.tsx')).PromotionPage,
      ),
      page(
        'models/:name/compare',
        async () => (await import('./versions-compare/CompareVersionsPage.tsx')).CompareVersionsPage,
      ),
      page('endpoints', async () => (await import('./endpoints/EndpointsPage.tsx')).EndpointsPage),
      page('endpoints/:name', async () => (await import('./endpoints/EndpointPage.tsx')).EndpointPage),
      page('monitors', async () => (await import('./monitors/MonitorsPage.tsx')).MonitorsPage),
      page('monitors/:name', monitorPage),
      page('monitors/:name/:windowEnd', monitorPage),
      page('alerts', async () => (await import('./alerts/AlertsPage.tsx')).AlertsPage),
      page('incidents/:id', async () => (await import('./alerts/IncidentPage.tsx')).IncidentPage),
      page('silences', async () => (await import('./alerts/SilencesPage.tsx')).SilencesPage),
      page('batch-jobs', async () => (await import('./batch/BatchJobsPage.tsx')).BatchJobsPage),
      page('batch-jobs/new', async () => (await import('./batch/NewJobPage.tsx')).NewJobPage),
      page('batch-jobs/:id', async () => (await import('./batch/BatchJobPage.tsx')).BatchJobPage),
      page(
        'retraining/:id',
        async () => (await import('./retraining/RetrainingJobPage.tsx')).RetrainingJobPage,
      ),
      page('retraining', async () => (await import('./retraining/RetrainingPage.tsx')).RetrainingPage),
      page('webhooks', async () => (await import('./webhooks/WebhooksPage.tsx')).WebhooksPage),
      page('webhooks/:id', async () => (await import('./webhooks/WebhookPage.tsx')).WebhookPage),
      page('users', async () => (await import('./users/UsersPage.tsx')).UsersPage),
      page('users/:id', async () => (await import('./users/PrincipalPage.tsx')).PrincipalPage),
      page('tokens', async () => (await import('./tokens/TokensPage.tsx')).TokensPage),
      page('workspaces', async () => (await import('./workspaces/WorkspacesPage.tsx')).WorkspacesPage),
      page('audit', async () => (await import('./audit/AuditPage.tsx')).AuditPage),
      page('access-review', async () => (await import('./review/ReviewPage.tsx')).ReviewPage),
      page(
        'data-requests',
        async () => (await import('./data-requests/DataRequestsPage.tsx')).DataRequestsPage,
      ),
      page('usage', async () => (await import('./usage/UsagePage.tsx')).UsagePage),
      page('compare', async () => (await import('./compare/ComparePage.tsx')).ComparePage),
      { path: '*', element: <NotFoundPage /> },
    ],
  },
]);
