using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Wharf.Server.Hosting;

namespace Wharf.Tests.Server.Access;

/// <summary>A named operation of the API, as Program.cs maps it. Its name is Quay's nickname for it, or one of our own.</summary>
internal sealed partial record Operation(string Nickname, string Method, string Path)
{
    private static readonly Lazy<Task<IReadOnlyList<RouteEndpoint>>> s_endpoints = new(ComposeAsync);

    /// <summary>Every endpoint of the application.</summary>
    public static Task<IReadOnlyList<RouteEndpoint>> EndpointsAsync() => s_endpoints.Value;

    public static async Task<IReadOnlyList<Operation>> AllAsync() =>
    [
        .. from endpoint in await EndpointsAsync()
           let name = endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName
           where name is not null
           from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
           select new Operation(name, method, endpoint.RoutePattern.RawText!),
    ];

    /// <summary>The path with a star for each parameter, as ours and Quay's ways of writing it are the same.</summary>
    public static string Shape(string path) => Parameter().Replace(path.Replace("/repository/<repository>", "/repository/-", StringComparison.Ordinal), "*").TrimEnd('/');

    private static async Task<IReadOnlyList<RouteEndpoint>> ComposeAsync()
    {
        var directory = Directory.CreateTempSubdirectory("wharf-endpoints-").FullName;
        try
        {
            var wharf = new Composition(ProgramParts.Add, ProgramParts.Use, ProgramParts.Map);
            var config = System.IO.Path.Combine(directory, "wharf.yaml");
            await File.WriteAllTextAsync(config, "Accounts:\n  InitialAdmin: false\n");
            await using var app = await ServerApp.StartAsync(new Launch { Data = directory, Config = config, Listen = ["http://127.0.0.1:0"] }, wharf, CancellationToken.None);
            RouteEndpoint[] endpoints = [.. app.Services.GetRequiredService<EndpointDataSource>().Endpoints.Cast<RouteEndpoint>()];
            await app.StopAsync(CancellationToken.None);
            return endpoints;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [GeneratedRegex(@"\{[^}]*\}|<[^>]*>", RegexOptions.None, 1000)]
    private static partial Regex Parameter();
}
