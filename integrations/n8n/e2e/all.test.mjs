// One process, and so one n8n, for all of them.
import './seeds.test.mjs';
