import type { Notice } from './notice.ts';

const severities: Readonly<Record<Notice['severity'], string>> = {
  critical: 'Sev0',
  warning: 'Sev2',
  info: 'Sev3',
};

/**
 * The common alert schema of Azure Monitor, for whatever takes its alerts already.
 * https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema
 */
export function azureMonitorBody(notice: Notice) {
  const {
    matter,
    title,
    text,
    severity,
    status,
    facts,
    link,
    at,
    openedAt,
    resolvedAt,
    event,
    workspace,
    data,
  } = notice;
  const isOver = status === 'resolved';
  const target = typeof data['endpoint'] === 'string' ? data['endpoint'] : data['name'];
  return {
    schemaId: 'azureMonitorCommonAlertSchema',
    data: {
      essentials: {
        alertId: `/cairn/${matter}`,
        alertRule: typeof data['monitor'] === 'string' ? data['monitor'] : title,
        severity: severities[severity],
        signalType: 'Metric',
        monitorCondition: isOver ? 'Resolved' : 'Fired',
        monitoringService: 'Cairn',
        alertTargetIDs:
          typeof target === 'string' ? [`/cairn/${workspace}/${encodeURIComponent(target)}`] : [],
        configurationItems: typeof target === 'string' ? [target] : [],
        originAlertId: matter,
        firedDateTime: openedAt,
        ...(isOver ? { resolvedDateTime: resolvedAt } : {}),
        description: text,
        essentialsVersion: '1.0',
        alertContextVersion: '1.0',
      },
      alertContext: { event, at, link, properties: Object.fromEntries(facts) },
      customProperties: { workspace, event },
    },
  };
}
