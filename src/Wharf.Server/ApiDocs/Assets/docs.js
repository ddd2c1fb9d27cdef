// The page works without this: here the search answers while one types, and the curl lines can be copied.
const search = document.getElementById('q');
const count = document.getElementById('count');
const articles = [...document.querySelectorAll('main > section:not(#types) > article')];
const texts = new Map(articles.map(a => [a, [...a.querySelectorAll(':scope > h3, :scope > p')].map(e => e.textContent).join(' ').toLowerCase()]));

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const article of articles) {
    const fits = words.every(w => texts.get(article).includes(w));
    article.hidden = !fits;
    shown += fits;
    const link = document.querySelector(`nav a[href="#${article.id}"]`);
    if (link) link.parentElement.hidden = !fits;
  }
  for (const section of document.querySelectorAll('main > section:not(#types)'))
    section.hidden = !section.querySelector('article:not([hidden])');
  for (const part of document.querySelectorAll('nav details'))
    part.hidden = !part.querySelector('li:not([hidden])');
  count.textContent = `${shown} operations`;
}

// What a search of the server's left out is not here to be found.
if (search && !new URLSearchParams(location.search).get('q')) {
  search.addEventListener('input', filter);
  if (search.value) filter();
}

for (const block of document.querySelectorAll('article pre')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', `Copy the curl line of ${block.closest('article').id}`);
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(block.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(block);
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
  block.after(button);
}
