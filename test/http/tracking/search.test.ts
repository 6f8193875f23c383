import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { items } from '../../support/server.ts';
import { trackingApi } from './support.ts';

const { post, get } = trackingApi();

describe('over HTTP', () => {
  test('a search pages through all, newest first', async () => {
    for (let i = 0; i < 5; i++) await post('experiments/create', { name: `page ${i}` });
    await eventually(async () => {
      const seen: string[] = [];
      let token = '';
      do {
        const { body } = await get(`experiments/search?max_results=2&page_token=${token}`);
        seen.push(...items(body['experiments']).map((e) => String(e['name'])));
        token = String(body['next_page_token'] ?? '');
      } while (token !== '');
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((n) => n.startsWith('page')).join()).toBe('page 4,page 3,page 2,page 1,page 0');
    });
  });

  test('a search merges several experiments, newest first, page by page', async () => {
    const [a, b] = await Promise.all(
      ['merge a', 'merge b'].map(async (name) =>
        String((await post('experiments/create', { name })).body['experiment_id']),
      ),
    );
    for (let i = 0; i < 7; i++)
      await post('runs/create', { experiment_id: i % 2 ? a : b, run_name: `r${i}`, start_time: i });
    await eventually(async () => {
      const seen: string[] = [];
      let page_token = '';
      do {
        const { body } = await post('runs/search', {
          experiment_ids: [a, b, '424242'],
          max_results: 3,
          page_token,
        });
        seen.push(...items(body['runs']).map((r) => String(r['info']?.['run_name'])));
        page_token = String(body['next_page_token'] ?? '');
      } while (page_token !== '');
      expect(seen).toEqual(['r6', 'r5', 'r4', 'r3', 'r2', 'r1', 'r0']);
    });
  });
});
