// The table of PBXs: filtered and sorted here, so that both are instant. The roles keep it a table where CSS makes cards.
export default {
  template: `
    <div class="fleet">
      <div class="fleet-tools">
        <label class="fleet-filter" data-search>
          <span>{{ texts.filter }}</span>
          <input type="search" v-model="filter" :placeholder="texts.hint" autocomplete="off" spellcheck="false">
        </label>
        <p role="status">{{ count }}</p>
        <p class="fleet-read">{{ read }}</p>
      </div>
      <table role="table" class="fleet-table" :aria-label="texts.label">
        <thead role="rowgroup">
          <tr role="row">
            <th v-for="column in all" :key="column.key" role="columnheader" scope="col" :aria-sort="order(column.key)">
              <button type="button" @click="sort(column.key)">{{ column.label }}<span aria-hidden="true">{{ arrow(column.key) }}</span></button>
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          <tr v-for="row in shown" :key="row.name" role="row" :data-state="row.state">
            <th role="rowheader" scope="row"><a :href="row.href">{{ row.name }}</a></th>
            <td role="cell" class="fleet-state" :data-label="texts.state"><span>{{ row.word }}</span></td>
            <td v-for="column in columns" :key="column.key" role="cell" class="fleet-value" :data-label="column.label">
              {{ row.cells[column.key]?.text }}<small v-if="row.cells[column.key]?.note">{{ row.cells[column.key].note }}</small>
            </td>
            <td role="cell" class="fleet-notes" :data-label="texts.notes">
              <ul v-if="row.notes.length"><li v-for="note in row.notes">{{ note }}</li></ul>
            </td>
          </tr>
        </tbody>
      </table>
      <p v-if="!shown.length" class="tl-empty">{{ texts.none }}</p>
    </div>
  `,
  props: { rows: Array, columns: Array, texts: Object },
  data() {
    return { current: this.rows, filter: "", by: "rank", isDown: false };
  },
  computed: {
    all() {
      const { name, state, notes } = this.texts;
      return [
        { key: "name", label: name },
        { key: "rank", label: state },
        ...this.columns,
        { key: "notes", label: notes },
      ];
    },
    shown() {
      const words = this.filter.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      const rows = this.current.filter((row) => {
        const text = [row.name, row.word, ...row.notes, ...Object.values(row.cells).map((cell) => cell.text)]
          .join(" ")
          .toLocaleLowerCase();
        return words.every((word) => text.includes(word));
      });
      const sign = this.isDown ? -1 : 1;
      return rows.sort((a, b) => sign * compare(this.key(a), this.key(b)) || compare(a.name, b.name));
    },
    count() {
      return this.texts.shown.replace("{shown}", this.shown.length).replace("{all}", this.current.length);
    },
    read() {
      const newest = this.current.reduce((last, row) => (row.time > last.time ? row : last));
      const unread = this.current.filter((row) => row.state === "reading").length;
      return [
        newest.read && this.texts.read.replace("{time}", newest.read),
        unread && this.texts.unread.replace("{number}", unread),
      ].filter(Boolean).join(" · ");
    },
  },
  methods: {
    replace(rows) {
      const fresh = new Map(rows.map((row) => [row.name, row]));
      this.current = this.current.map((row) => fresh.get(row.name) ?? row);
    },
    key(row) {
      if (this.by === "name") return row.name;
      if (this.by === "rank") return row.rank;
      if (this.by === "notes") return -row.notes.length;
      return row.cells[this.by]?.sort ?? Infinity;
    },
    sort(key) {
      this.isDown = this.by === key && !this.isDown;
      this.by = key;
    },
    order(key) {
      if (this.by !== key) return null;
      return this.isDown ? "descending" : "ascending";
    },
    arrow(key) {
      if (this.by !== key) return "";
      return this.isDown ? " ▼" : " ▲";
    },
  },
};

function compare(a, b) {
  if (Array.isArray(a)) return a[0] - b[0] || a[1] - b[1];
  if (typeof a === "string" && typeof b === "string") return a.localeCompare(b, undefined, { numeric: true });
  return a < b ? -1 : a > b ? 1 : 0;
}
