import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Job } from 'kubernetes-models/batch/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Namespace, Service, ServiceAccount } from 'kubernetes-models/v1';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { type Config, readConfig } from '../../shared/config/config';
import { secretSettings } from '../../shared/config/settings';
import { createTestFolder } from '../setup/folder';

// The manifests for Kubernetes. No cluster is needed: they are held to the schemas of its API, and to what they say.

const root = path.resolve(__dirname, '../../docs/operations/kubernetes');

const documentsIn = (file: string): unknown[] =>
  [...parseAllDocuments(readFileSync(path.join(root, file), 'utf8'))].map((one): unknown => one.toJS());

const filesIn = (folder: string): string[] =>
  readdirSync(path.join(root, folder))
    .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .map((file) => path.join(folder, file));

const all = [...filesIn('.'), ...filesIn('autoscaling')].flatMap(documentsIn);

// A key that is not here is none that these manifests use: the schemas of Kubernetes let a misspelt one pass.
const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.enum(['/healthz', '/readyz']), port: z.string() }),
  periodSeconds: z.number(),
  timeoutSeconds: z.number().optional(),
  failureThreshold: z.number(),
});
const container = z.strictObject({
  name: z.string(),
  image: z.literal('epack-sync-server'),
  args: z.tuple([z.enum(['api', 'worker', 'migrate'])]),
  envFrom: z.tuple([z.strictObject({ configMapRef: z.strictObject({ name: z.literal('epack-settings') }) })]),
  env: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  volumeMounts: z.array(
    z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() }),
  ),
  ports: z.array(z.strictObject({ name: z.string(), containerPort: z.number() })).default([]),
  startupProbe: probe.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  lifecycle: z
    .strictObject({
      preStop: z.strictObject({
        exec: z.strictObject({ command: z.tuple([z.literal('sleep'), z.coerce.number()]) }),
      }),
    })
    .optional(),
  resources: z.strictObject({
    requests: z.strictObject({ cpu: z.string(), memory: z.string() }),
    limits: z.strictObject({ memory: z.string() }),
  }),
});
const podSpec = z.strictObject({
  serviceAccountName: z.literal('epack'),
  automountServiceAccountToken: z.literal(false),
  restartPolicy: z.enum(['OnFailure']).optional(),
  terminationGracePeriodSeconds: z.number().optional(),
  topologySpreadConstraints: z.array(z.unknown()).optional(),
  securityContext: z.strictObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.literal(1000),
    runAsGroup: z.literal(1000),
    fsGroup: z.literal(1000),
    seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
  }),
  containers: z.tuple([container]),
  volumes: z.array(
    z.strictObject({
      name: z.string(),
      emptyDir: z.strictObject({ sizeLimit: z.string() }).optional(),
      secret: z
        .strictObject({
          secretName: z.literal('epack'),
          items: z.array(z.strictObject({ key: z.string(), path: z.string() })),
        })
        .optional(),
    }),
  ),
});

interface Process {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: z.output<typeof podSpec>;
  readonly container: z.output<typeof container>;
}

function processOf(name: string): Process {
  const found = all.find(
    (one): one is InstanceType<typeof Deployment> | InstanceType<typeof Job> =>
      (Deployment.is(one) || Job.is(one)) && one.metadata?.name === name,
  );
  const template = found?.spec?.template;
  const pod = podSpec.parse(template?.spec);
  return { name, labels: template?.metadata?.labels ?? {}, pod, container: pod.containers[0] };
}

const processes = ['epack-api', 'epack-worker', 'epack-migrate'].map(processOf);
const settings = (): Record<string, string> =>
  Object.fromEntries(all.filter(ConfigMap.is).flatMap(({ data = {} }) => Object.entries(data)));

describe('the manifests for Kubernetes', () => {
  const kinds = [
    ...[Deployment, HorizontalPodAutoscaler, Job, NetworkPolicy, PodDisruptionBudget],
    ...[ConfigMap, Namespace, Service, ServiceAccount, ScaledObject],
  ];

  test('are valid by the schemas of Kubernetes and KEDA', () => {
    const seen = new Set<string>();
    for (const one of all) {
      const kind = kinds.find((kind) => kind.is(one));
      expect(one).toMatchObject({ kind: kind?.kind });
      validate(one);
      seen.add(kind?.kind ?? '');
    }
    expect([...seen].sort()).toEqual(kinds.map(({ kind }) => kind).sort());
  });

  test('are all named by their kustomization', () => {
    const kustomization = z.object({ resources: z.array(z.string()) });
    for (const folder of ['.', 'autoscaling']) {
      const [named] = documentsIn(path.join(folder, 'kustomization.yaml'));
      const { resources } = kustomization.parse(named);
      expect(resources.map((file) => path.join(folder, file)).sort()).toEqual(filesIn(folder).sort());
    }
  });

  test.each(processes.map((one) => [one.name, one] as const))(
    '%s gets a valid configuration, and only the secrets that it needs',
    (_name, { container, pod }) => {
      const folder = createTestFolder();
      const items = pod.volumes.flatMap(({ secret }) => secret?.items ?? []);
      const given = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
      const inFiles = Object.entries(given).filter(([name]) => name.endsWith('_FILE'));
      expect(inFiles.map(([, file]) => path.basename(file)).sort()).toEqual(
        items.map(({ key }) => key).sort(),
      );
      for (const [name] of inFiles) expect(secretSettings.map((one) => `${one}_FILE`)).toContain(name);
      for (const [name, file] of inFiles) {
        given[name] = path.join(folder.path, path.basename(file));
        writeFileSync(given[name], secrets[path.basename(file)] ?? '');
      }
      const config: Config = readConfig({ ...settings(), ...given, EPACK_DATA_DIR: folder.path });
      expect(config).toMatchObject({ fileStore: 's3', databaseUrl: secrets['database_url'] });
      folder.remove();
    },
  );

  test('give the worker no key that signs, and the API no mail server', () => {
    const secretsOf = (name: string) =>
      processOf(name).pod.volumes.flatMap(({ secret }) => (secret?.items ?? []).map(({ key }) => key));
    for (const key of ['token_secret', 'admin_password', 'oidc_client_secret'])
      expect(secretsOf('epack-worker')).not.toContain(key);
    expect(secretsOf('epack-api')).not.toContain('smtp_url');
    expect(secretsOf('epack-migrate')).toEqual(['database_url']);
  });

  test('let every process write only to folders of limited size', () => {
    for (const { pod, container } of processes) {
      const writable = container.volumeMounts.filter(({ readOnly }) => readOnly !== true);
      expect(writable.map(({ mountPath }) => mountPath)).toEqual(['/data', '/tmp']);
      for (const { name } of writable)
        expect(pod.volumes.find((one) => one.name === name)?.emptyDir?.sizeLimit).toMatch(/^\d+Mi$/);
    }
  });

  test('wait longer for a process that stops than the process takes', () => {
    const drainSeconds = Number(settings()['EPACK_DRAIN_SECONDS']);
    for (const name of ['epack-api', 'epack-worker']) {
      const { pod, container } = processOf(name);
      const [, preStopSeconds] = container.lifecycle?.preStop.exec.command ?? ['sleep', 0];
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(preStopSeconds + drainSeconds + 10);
    }
  });

  test('ask each process for its life and its readiness, on a port that it has', () => {
    for (const name of ['epack-api', 'epack-worker']) {
      const { container } = processOf(name);
      const { startupProbe, livenessProbe, readinessProbe, ports } = container;
      expect([startupProbe, livenessProbe, readinessProbe].map((one) => one?.httpGet.path)).toEqual([
        ...['/healthz', '/healthz', '/readyz'],
      ]);
      for (const one of [startupProbe, livenessProbe, readinessProbe])
        expect(ports.map((port) => port.name)).toContain(one?.httpGet.port);
      // The answer of /readyz may take three seconds.
      expect(readinessProbe?.timeoutSeconds).toBeGreaterThan(3);
    }
    const numbers = (name: string) => processOf(name).container.ports.map((port) => port.containerPort);
    expect([numbers('epack-api'), numbers('epack-worker')]).toEqual([[8080, 9464], [9464]]);
  });

  test('let nothing in to workers and to the migration, and only those who need it in to the API', () => {
    const policies = all.filter(NetworkPolicy.is);
    const fits = (
      selector: Readonly<Record<string, string>> = {},
      labels: Readonly<Record<string, string>>,
    ) => Object.entries(selector).every(([name, value]) => labels[name] === value);
    for (const { name, labels } of processes) {
      const mine = policies.filter(({ spec }) => fits(spec?.podSelector.matchLabels, labels));
      expect(mine.length).toBeGreaterThan(0);
      for (const { spec } of mine) expect(spec?.policyTypes).toEqual(['Ingress']);
      const allowed = mine.flatMap(({ spec }) => spec?.ingress ?? []);
      expect(allowed).toHaveLength(name === 'epack-api' ? 2 : 0);
      for (const rule of allowed) expect(rule.from).toHaveLength(1);
    }
  });

  test('select and scale pods that there are', () => {
    const labels = processes.map((one) => one.labels['app']);
    for (const one of all.filter(PodDisruptionBudget.is))
      expect(labels).toContain(one.spec?.selector?.matchLabels?.['app']);
    for (const one of all.filter(Service.is)) expect(labels).toContain(one.spec?.selector?.['app']);
    for (const one of all.filter(Deployment.is)) {
      expect(one.spec?.selector.matchLabels).toEqual(one.spec?.template.metadata?.labels);
      // The autoscaler sets it.
      expect(one.spec?.replicas).toBeUndefined();
    }
    const scaled = [
      ...all.filter(HorizontalPodAutoscaler.is).map(({ spec }) => spec?.scaleTargetRef.name),
      ...all.filter(ScaledObject.is).map(({ spec }) => spec.scaleTargetRef.name),
    ];
    expect(scaled.sort()).toEqual(['epack-api', 'epack-worker']);
  });

  test('scale workers by a metric that the API exports', () => {
    const [{ spec } = { spec: undefined }] = all.filter(ScaledObject.is);
    const query = spec?.triggers[0]?.metadata['query'] ?? '';
    const [metric = ''] = /epack_\w+/.exec(query) ?? [];
    const source = readFileSync(path.resolve(root, '../../../api/ops/api-metrics.ts'), 'utf8');
    expect(source).toContain(`'${metric}'`);
    expect(query).toMatch(/^max\(/);
  });

  function validate(one: unknown): void {
    if (Deployment.is(one)) new Deployment(one).validate();
    else if (HorizontalPodAutoscaler.is(one)) new HorizontalPodAutoscaler(one).validate();
    else if (Job.is(one)) new Job(one).validate();
    else if (NetworkPolicy.is(one)) new NetworkPolicy(one).validate();
    else if (PodDisruptionBudget.is(one)) new PodDisruptionBudget(one).validate();
    else if (ConfigMap.is(one)) new ConfigMap(one).validate();
    else if (Namespace.is(one)) new Namespace(one).validate();
    else if (Service.is(one)) new Service(one).validate();
    else if (ServiceAccount.is(one)) new ServiceAccount(one).validate();
    else if (ScaledObject.is(one)) new ScaledObject(one).validate();
  }

  test('would not be valid with a text where Kubernetes wants a known word', () => {
    const [given] = all.filter(Service.is);
    expect(() => new Service({ ...given, spec: { ports: [{ port: -0.5 }] } }).validate()).toThrow();
  });
});

const secrets: Readonly<Record<string, string>> = {
  database_url: 'postgres://epack:secret@postgres.example:5432/epack',
  queue_url: 'amqp://epack:secret@rabbitmq.example:5672',
  secrets_key: 'k'.repeat(43),
  admin_password: 'correct horse battery',
};
