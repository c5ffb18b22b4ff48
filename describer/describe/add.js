// Add…: the browser reads a chosen table and puts its text where it could be pasted as well.
document.addEventListener('change', async (event) => {
  const chosen = event.target.id === 'table_file' && event.target.files[0];
  if (!chosen) return;
  const fill = (id, text) => {
    const box = document.querySelector(`#${id} textarea, #${id} input`);
    box.value = text;
    box.dispatchEvent(new Event('input', {bubbles: true}));
  };
  // What is not UTF-8 goes as its bytes: the reader of tables knows other encodings.
  const content = async (file) => {
    try { return new TextDecoder('utf-8', {fatal: true}).decode(await file.arrayBuffer()); }
    catch (error) {
      const reader = new FileReader();
      const read = new Promise((done) => { reader.onload = done; });
      reader.readAsDataURL(file);
      await read;
      return reader.result;
    }
  };
  const fits = chosen.size <= 4000000;
  document.querySelector('#table_size').textContent = fits ? '' :
    `${chosen.name} is larger than 4 MB: add it with app.py add descriptions.`;
  fill('table_name', fits ? chosen.name : '');
  fill('table_text', fits ? await content(chosen) : '');
});
