/** The data of a customer's pair. */
export interface TheirPair {
  readonly system: string;
  readonly pair: string;
  readonly link: string;
  readonly job: string;
  readonly plan: string;
  readonly run: string;
  readonly hook: string;
  readonly approval: string;
}

/** Every call about one system, one pair or something of a pair, by its route. */
export const routesOfPairs: Readonly<Record<string, (of: TheirPair) => string>> = {
  'GET /systems/:name': ({ system }) => `/api/systems/${system}`,
  'PUT /systems/:name': ({ system }) => `/api/systems/${system}`,
  'DELETE /systems/:name': ({ system }) => `/api/systems/${system}`,
  'POST /systems/:name/probe': ({ system }) => `/api/systems/${system}/probe`,
  'POST /systems/:name/pause': ({ system }) => `/api/systems/${system}/pause`,
  'POST /systems/:name/resume': ({ system }) => `/api/systems/${system}/resume`,
  'GET /systems/:name/hook': ({ system }) => `/api/systems/${system}/hook`,
  'POST /systems/:name/hook': ({ system }) => `/api/systems/${system}/hook`,
  'PUT /systems/:name/hook/:id': ({ system, hook }) => `/api/systems/${system}/hook/${hook}`,
  'DELETE /systems/:name/hook/:id': ({ system, hook }) => `/api/systems/${system}/hook/${hook}`,
  'GET /pairs/:name': ({ pair }) => `/api/pairs/${pair}`,
  'PUT /pairs/:name': ({ pair }) => `/api/pairs/${pair}`,
  'DELETE /pairs/:name': ({ pair }) => `/api/pairs/${pair}`,
  'GET /pairs/:name/versions': ({ pair }) => `/api/pairs/${pair}/versions`,
  'GET /pairs/:name/status': ({ pair }) => `/api/pairs/${pair}/status`,
  'POST /pairs/:name/pause': ({ pair }) => `/api/pairs/${pair}/pause`,
  'POST /pairs/:name/resume': ({ pair }) => `/api/pairs/${pair}/resume`,
  'POST /pairs/:name/run': ({ pair }) => `/api/pairs/${pair}/run`,
  'POST /pairs/:name/whole': ({ pair }) => `/api/pairs/${pair}/whole`,
  'POST /pairs/:name/plan': ({ pair }) => `/api/pairs/${pair}/plan`,
  'GET /pairs/:name/runs': ({ pair }) => `/api/pairs/${pair}/runs`,
  'GET /pairs/:name/runs/:id': ({ pair, run }) => `/api/pairs/${pair}/runs/${run}`,
  'POST /pairs/:name/runs/:id/take-back': ({ pair, run }) => `/api/pairs/${pair}/runs/${run}/take-back`,
  'GET /pairs/:name/links': ({ pair }) => `/api/pairs/${pair}/links`,
  'POST /pairs/:name/links': ({ pair }) => `/api/pairs/${pair}/links`,
  'GET /pairs/:name/jobs': ({ pair }) => `/api/pairs/${pair}/jobs`,
  'POST /pairs/:name/jobs': ({ pair }) => `/api/pairs/${pair}/jobs`,
  'GET /approvals/:id/held': ({ approval }) => `/api/approvals/${approval}/held`,
  'GET /plans/:id': ({ plan }) => `/api/plans/${plan}`,
  'POST /plans/:id': ({ plan }) => `/api/plans/${plan}`,
  'GET /links/:id': ({ link }) => `/api/links/${link}`,
  'POST /links/:id/look': ({ link }) => `/api/links/${link}/look`,
  'POST /links/:id/unlink': ({ link }) => `/api/links/${link}/unlink`,
  'GET /jobs/:id': ({ job }) => `/api/jobs/${job}`,
  'POST /jobs/:id/retry': ({ job }) => `/api/jobs/${job}/retry`,
};

/** Calls about systems and pairs that name none. */
export const routesOfAllPairs = [
  'GET /system-kinds',
  'GET /systems',
  'POST /systems',
  'GET /pairs',
  'POST /pairs',
];
