// One process, and so one n8n, for all of them.
import './connection.test.mjs';
import './editor.test.mjs';
import './seeds.test.mjs';
import './templates.test.mjs';
import './triggers.test.mjs';
