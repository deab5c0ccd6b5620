// A table of texts in one element of NiceGUI: an element for each cell is slow to send and to draw.
export default {
  template: `
    <div class="work-scroll" tabindex="0" role="region" :aria-label="label">
      <table class="work-table">
        <thead>
          <tr><th v-for="heading in headings" scope="col">{{ heading }}</th></tr>
        </thead>
        <tbody>
          <tr v-for="row in rows">
            <td v-for="cell in row"><a v-if="cell.path" :href="cell.path">{{ cell.text }}</a><template v-else>{{ cell.text }}</template></td>
          </tr>
        </tbody>
      </table>
    </div>
  `,
  props: { label: String, headings: Array, rows: Array },
};
