@echo off
rem Opens the course. It is installed once, from this folder, with no network.
setlocal
set "RUN="
for %%v in (@PYTHONS@) do (
  call :try %%v "py -%%v"
  call :try %%v "cmd /d /c python"
)
if not defined RUN (
  echo This pack wants Python, one of: @PYTHONS@, which is not found here. Install it, from
  echo python.org for example, and start again; until then site\index.html opens in a browser.
  pause
  exit /b 1
)
%RUN% -c "import ast, sys; ast.parse(open(sys.argv[1], 'rb').read()).body[-1].test" "%~dp0wheels\start.py" >nul 2>nul
if not "%errorlevel%"=="0" (
  echo wheels\start.py is missing or damaged: copy the whole folder again from where you have it.
  pause
  exit /b 1
)
%RUN% "%~dp0wheels\start.py" %*
exit /b %errorlevel%

rem Sets RUN to the command, if it runs that Python; "cmd /d /c", since a python.bat would not come back.
:try
if defined RUN exit /b
%~2 -c "import sys; sys.exit('.'.join(map(str, sys.version_info[:2])) != '%1')" >nul 2>nul
if "%errorlevel%"=="0" set "RUN=%~2"
exit /b
