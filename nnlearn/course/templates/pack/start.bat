@echo off
rem Opens the course. It is installed once, from this folder, with no network.
if not exist "%~dp0wheels\start.py" (
  echo wheels\start.py is missing: copy the whole folder again from where you have it.
  pause
  exit /b 1
)
for %%v in (@PYTHONS@) do (
  py -%%v -c "" >nul 2>nul && (
    py -%%v "%~dp0wheels\start.py" %*
    exit /b
  )
  python -c "import sys; sys.exit('.'.join(map(str, sys.version_info[:2])) != '%%v')" >nul 2>nul && (
    python "%~dp0wheels\start.py" %*
    exit /b
  )
)
echo This pack wants Python (one of: @PYTHONS@), which is not found here. Install it, from
echo python.org for example, and start again; until then site\index.html opens in a browser.
pause
exit /b 1
