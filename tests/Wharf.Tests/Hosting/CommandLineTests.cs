using System.Text.Json.Nodes;

namespace Wharf.Tests.Hosting;

public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Help_shows_the_commands_and_examples()
    {
        var finished = await RunAsync("--help");

        Assert.Equal((0, ""), (finished.Code, finished.Errors));
        foreach (var word in new[] { "serve", "user", "keys", "version", "--json", "Examples:" }) Assert.Contains(word, finished.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_of_serve_shows_its_options_and_defaults()
    {
        var finished = await RunAsync("serve", "--help");

        foreach (var word in new[] { "--data <DIR>", "./wharf-data", "--listen <URL>", "http://127.0.0.1:8080", "--management-listen <URL>", "--config <FILE>", "web|worker|scanner|builder" })
        {
            Assert.Contains(word, finished.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Version_is_text_or_json()
    {
        var text = await RunAsync("version");
        var json = await RunAsync("version", "--json");

        Assert.Matches(@"^wharf \d+\.\d+\.\d+ \([0-9a-f]+|unknown\)\n$", text.Output);
        Assert.NotNull((string?)JsonNode.Parse(json.Output)!["version"]);
    }

    [Theory]
    [InlineData("'x' is not an address to listen on", "serve", "--listen", "x")]
    [InlineData("'http://example.com:80' is not an address to listen on", "serve", "--listen", "http://example.com:80")]
    [InlineData("'ftp://127.0.0.1' is not an address to listen on", "serve", "--management-listen", "ftp://127.0.0.1")]
    [InlineData("--role must be one of web, worker, scanner, builder, not 'cook'", "serve", "--role", "cook")]
    [InlineData("there is no serv here, did you mean serve?", "serv")]
    [InlineData("Required argument missing for command: 'add'", "user", "add")]
    [InlineData("there is no --lisen here, did you mean --listen?", "serve", "--lisen", "http://127.0.0.1:0")]
    public async Task Wrong_arguments_are_an_error_that_names_them(string problem, params string[] arguments)
    {
        var finished = await RunAsync(arguments);

        Assert.Equal((2, ""), (finished.Code, finished.Output));
        Assert.Contains(problem, finished.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_settings_stop_the_start_with_file_and_line()
    {
        _directory.Write("wharf.yaml", "Server:\n  PublicUrl: https://registry.example.com/path\n  Lisen: []\nLoging: {}\n");

        var finished = await RunAsync("serve", "--config", "wharf.yaml");

        Assert.Equal(2, finished.Code);
        Assert.Contains("wharf: wharf.yaml:3: unknown key Server.Lisen, did you mean Listen?\n", finished.Errors, StringComparison.Ordinal);
        Assert.Contains("wharf: wharf.yaml:4: unknown section Loging, did you mean Logging?\n", finished.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_directory.File("wharf-data")));
    }

    [Fact]
    public async Task Errors_are_json_too()
    {
        var finished = await RunAsync("serve", "--config", "missing.yaml", "--json");

        Assert.Equal(2, finished.Code);
        Assert.StartsWith("missing.yaml: cannot be read", (string?)JsonNode.Parse(finished.Output)!["error"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    public async Task A_user_needs_a_password_on_standard_input(string input)
    {
        var finished = await RunningWharf.RunAsync(["user", "add", "alice"], _directory.Path, input: input);

        Assert.Equal(2, finished.Code);
        Assert.Contains("password on standard input", finished.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_in_use_is_named()
    {
        await using var first = await RunningWharf.StartAsync();

        var second = await RunAsync("serve", "--listen", first.Url.ToString());

        Assert.Equal(2, second.Code);
        Assert.Contains($"{first.Url.Authority}: address already in use. Give another address with --listen.", second.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_come_from_the_environment_too()
    {
        await using var wharf = await RunningWharf.StartAsync(environment: [("WHARF__Logging__AccessLog", "true"), ("WHARF__Logging__Format", "text")]);

        await wharf.Client.GetStringAsync("/health/live", TestContext.Current.CancellationToken);

        await Eventually.IsTrueAsync(() => Task.FromResult(wharf.Errors.Contains("GET /health/live 200 in ", StringComparison.Ordinal)), "the access log has the request");
    }

    private Task<Finished> RunAsync(params string[] arguments) => RunningWharf.RunAsync(arguments, _directory.Path);
}
