import '@patternfly/react-core/dist/styles/base.css';
import './wharf.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiProblem } from './api/client';
import { router } from './routes';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What changes elsewhere is told by events; this is for what is not.
      staleTime: 15_000,
      retry: (count, fault) => count < 2 && (!(fault instanceof ApiProblem) || fault.status === 0 || fault.status === 503),
    },
  },
});

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} context={{ queries }} />
    </QueryClientProvider>
  </StrictMode>,
);
