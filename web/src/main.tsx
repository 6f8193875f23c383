import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router/dom';
import { queryClient } from './api/queries.ts';
import { router } from './routes.tsx';
import { SessionGate } from './session/SessionGate.tsx';
import { openSession } from './session/session.ts';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/parts.css';

const root = document.getElementById('root');
if (!root) throw new Error('The document has no #root.');
void openSession();
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <SessionGate>
        <RouterProvider router={router} />
      </SessionGate>
    </QueryClientProvider>
  </StrictMode>,
);
