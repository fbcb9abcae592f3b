// A deck's link names a cell, #cell-id=…; JupyterLab drops that while it opens the notebook (4.6). This goes there.

(() => {
  const hash = decodeURIComponent(location.hash); // read before JupyterLab rewrites the address
  const { treePath } = JSON.parse(document.getElementById("jupyter-config-data").textContent);

  async function follow(panel) {
    await panel.revealed;
    const notebook = panel.content;
    const index = notebook.widgets?.findIndex((cell) => `#cell-id=${cell.model.id}` === hash) ?? -1;
    if (index < 0) return panel.setFragment?.(hash); // a heading
    notebook.deselectAll();
    notebook.activeCellIndex = index;
    await notebook.scrollToItem(index, "start").catch(() => {}); // JupyterLab may be on its way there itself
    notebook.activeCell.node.scrollIntoView();
  }

  const plugin = {
    id: "nnlearn-link:plugin",
    autoStart: true,
    activate(app) {
      if (!hash) return;
      const look = () => {
        const panel = app.shell.currentWidget;
        if (panel?.context?.path !== treePath) return;
        app.shell.currentChanged.disconnect(look);
        void follow(panel);
      };
      app.shell.currentChanged.connect(look);
    },
  };

  // What JupyterLab loads extensions as: a container of modules.
  const load = async () => () => ({ __esModule: true, default: plugin });
  (window._JUPYTERLAB ??= {})["nnlearn-link"] = { init() {}, get: load };
})();
