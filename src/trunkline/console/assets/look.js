// A page of plain HTML is light or dark as the system is, unless the person chose: then the server has said so.
{
  const system = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.body.classList.toggle("body--dark", system.matches);
  if (document.body.classList.contains("tl-system")) {
    follow();
    system.addEventListener("change", follow);
  }
}
