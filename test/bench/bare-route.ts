import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';

/** What the benchmark of widget sessions compares with: a route that parses a JSON body and inserts one row. */
const [url = '', port = '0'] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 24 });
await pool.query(
  `create table if not exists bare_sessions (id uuid primary key, reference_id text, language text, created_at timestamptz)`,
);
const app = Fastify();
app.post('/session', async (request) => {
  const id = randomUUID();
  const { reference_id: reference, language } = request.body as { reference_id: string; language: string };
  await pool.query({
    name: 'insert',
    text: 'insert into bare_sessions (id, reference_id, language, created_at) values ($1, $2, $3, $4)',
    values: [id, reference, language, new Date()],
  });
  return { status: 'success', session_id: id, url: `http://localhost/session/${id}`, expires_in: 900 };
});
await app.listen({ port: Number(port), host: '127.0.0.1' });
console.log('ready');
