"""Single sentences and what a careful reader takes from them; rows come from how people really write."""

from __future__ import annotations

import pytest

from tui.guide.labels import numbered
from tui.guide.phrases import announced
from tui.guide.places import say, starts_here
from tui.guide.unfinished import unfinished

ANNOUNCED = {
    "command": [
        "执行以下命令并查看返回信息：",
        "运行以下命令，显示当前状态：",
        "保存文件后执行：",
        "命令如下：",
        "Run the following command and you should see:",
        "Still on the server, run the following command to see the output:",
        "Run this to create the file:",
    ],
    "output": [
        "执行下面的命令，输出如下：",
        "返回结果",
        "显示",
        "出现如下信息",
        "控制台输出：",
        "The output is similar to:",
        "You should see:",
    ],
    "file": [
        "加入 ~/.bashrc：",
        "写入 /etc/x.conf：",
        "编辑 /etc/fstab 文件，添加：",
        "在 /etc/hosts 最后添加：",
        "把端口改为：",
        "Open ~/.ssh/config and add:",
        "将公钥写入服务器的 ~/.ssh/authorized_keys：",
    ],
    "": [
        "显示所有容器：",
        "查看输出结果：",
        "会显示欢迎信息。",
        "修改 /etc/ssh/sshd_config 后重启：",
        "编辑 a.conf，然后重启服务：",
        "You should see no errors.",
    ],
}


@pytest.mark.parametrize(("wanted", "sentence"), [(key, one) for key, many in ANNOUNCED.items() for one in many])
def test_announced(wanted: str, sentence: str) -> None:
    assert announced(sentence, "first second") == wanted


@pytest.mark.parametrize(
    ("text", "label", "number", "title"),
    [
        ("第2步：安装", "第2步", "2", "安装"),
        ("第十二步 收尾", "第十二步", "12", "收尾"),
        ("第一步安装软件", "第一步", "1", "安装软件"),
        ("步骤 3", "步骤 3", "3", ""),
        ("步骤二、配置", "步骤二", "2", "配置"),
        ("【步骤１】准备", "步骤１", "1", "准备"),
        ("🚀 Step 4 - Deploy", "Step 4", "4", "Deploy"),
        ("Step 1 of 3: Begin", "Step 1 of 3", "1", "Begin"),
        ("Step two: Go", "Step two", "2", "Go"),
    ],
)
def test_numbered(text: str, label: str, number: str, title: str) -> None:
    found = numbered(text)
    assert found is not None
    assert (found.label, found.number, found.title) == (label, number, title)


@pytest.mark.parametrize(
    "text",
    ["第3步成功后删除缓存", "第2步中的文件", "第1步里", "第2步之前", "第2步的输出", "第1步完成", "第1步已做", "第1步如果失败",
     "第1步、第2步都要",
     "第一步骤数",
     "Step 2 failed", "Step 2 is long", "Steps", "step by step", "Stepping 1", "Step one more thing", "下一步：安装", "见第1步"],
)  # fmt: skip
def test_not_numbered(text: str) -> None:
    assert numbered(text) is None


@pytest.mark.parametrize(
    ("words", "vote"),
    [
        ("在 ECS 上执行：", "server"),
        ("登录 VPS", "server"),
        ("on the server", "server"),
        ("Windows Server 上", "server"),
        ("在 Windows 电脑上", "local"),
        ("打开你的笔记本", "local"),
        ("on your local machine", "local"),
        ("在本地把文件传到服务器", "local"),
        ("从本地连接服务器", "both"),
        ("两端都要", "both"),
        ("on all nodes", "both"),
        ("restart the web server", ""),
        ("API Server 和 foo-server", ""),
        ("看本地时间和主机名", ""),
        ("check the local time", ""),
        ("MAC 地址", ""),
    ],
)
def test_places(words: str, vote: str) -> None:
    assert say(words).vote == vote


@pytest.mark.parametrize(
    ("text", "vote"),
    [
        ("ssh root@1.2.3.4", "local"),
        ("scp a root@h:/x\nscp b root@h:/y", "local"),
        ("ssh-keygen -t ed25519", "local"),
        ("ssh -p 2222 root@h\napt update", "both"),
        ("ssh root@h uptime\ndate", "local"),
        ("ssh -T git@github.com", ""),
        ("ssh -V", ""),
        ("apt update", ""),
    ],
)
def test_starts_here(text: str, vote: str) -> None:
    assert starts_here(text) == vote


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [
        ("ls", False),
        ("ls \\", True),
        ("echo 'a", True),
        ("echo 'a\nb'", False),
        ("cat <<EOF", True),
        ("cat <<EOF\nEOF", False),
        ("cat <<-'X' > f\n\ta\n\tX", False),
        ("cat <<< word", False),
        ("for i in 1 2; do", True),
        ("for i in 1; do echo $i; done", False),
        ("if true; then\necho\nfi", False),
        ("case x in\na) ls ;;\nesac", False),
        ("f() {", True),
        ("f() { ls; }", False),
        ("echo for do if", False),
        ("a &&", True),
        ("echo # it's", False),
        ("echo \\'", False),
    ],
)
def test_unfinished(text: str, goes_on: bool) -> None:
    assert unfinished(text) is goes_on
