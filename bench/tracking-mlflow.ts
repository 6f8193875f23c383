/** Seeds the database of MLflow's own server with the rows that its API would have written, which would take minutes. */
import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { seededRun } from './tracking-calls.ts';

/** @returns the ids of the new runs */
export function seedMlflow(database: string, experimentId: string, count: number): string[] {
  const db = new DatabaseSync(database);
  try {
    db.exec('PRAGMA busy_timeout = 10000; BEGIN');
    const insertRun = db.prepare(
      `INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,
        source_version, lifecycle_stage, artifact_uri, experiment_id)
        VALUES (?, ?, 'UNKNOWN', '', '', '', 'RUNNING', ?, '', 'active', ?, ?)`,
    );
    const insertTag = db.prepare("INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.runName', ?, ?)");
    const insertParam = db.prepare('INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)');
    const insertMetrics = ['metrics', 'latest_metrics'].map((table) =>
      db.prepare(
        `INSERT INTO ${table} (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, 0, 0, ?)`,
      ),
    );
    const ids = Array.from({ length: count }, (_, i) => {
      const id = randomBytes(16).toString('hex');
      const { name, startTime, metrics, params } = seededRun(i);
      const artifacts = `mlflow-artifacts:/${experimentId}/${id}/artifacts`;
      insertRun.run(id, name, startTime, artifacts, Number(experimentId));
      insertTag.run(name, id);
      for (const [key, value] of Object.entries(params)) insertParam.run(key, value, id);
      for (const [key, value] of Object.entries(metrics))
        for (const insert of insertMetrics) insert.run(key, value, startTime, id);
      return id;
    });
    db.exec('COMMIT');
    return ids;
  } finally {
    db.close();
  }
}
