using System.Text;
using Microsoft.AspNetCore.Routing;
using Wharf.Server.ApiDocs;
using Wharf.Tests.Server.Access;

namespace Wharf.Tests.Server.ApiDocs;

/// <summary>openapi/wharf.json is made from the program and checked in; every answer that the tests see is held against it by <see cref="ApiContract"/>.</summary>
public sealed class OpenApiTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    /// <summary>Changes that need no body, or whose body Quay's clients leave out.</summary>
    private static readonly string[] WithoutBody =
    [
        "logout", "restoreOrganization", "restoreRepository", "updateOrganizationTeamMember", "acceptOrganizationTeamInvite", "takeOwnership", "regenerateUserRobotToken", "regenerateOrgRobotToken", "resetOrganizationApplicationClientSecret",
        "sendInstallUserRecoveryEmail", "inviteTeamMemberEmail", "queueRegistrySizeCalculation", "addPullExclusion",
        "changeRepoTrust", "sendAuthorizeRepoEmail", "createToken", "changeToken", // they answer that there is no such thing
    ];

    [Fact]
    public async Task The_description_that_is_checked_in_is_that_of_the_program()
    {
        var file = Path.Combine(SourceTree.Root, "openapi", "wharf.json");
        var current = Encoding.UTF8.GetString(new ApiDocuments(new DefaultEndpointDataSource(await Operation.EndpointsAsync())).OpenApi);

        if (Environment.GetEnvironmentVariable("WHARF_WRITE_OPENAPI") == "1")
            await File.WriteAllTextAsync(file, current, TestContext.Current.CancellationToken);

        Assert.True(
            File.Exists(file) && current == await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken),
            "openapi/wharf.json is stale: WHARF_WRITE_OPENAPI=1 ./test --filter OpenApiTests writes it anew. What changes in it changes the API.");
    }

    [Fact]
    public async Task A_reader_that_is_not_ours_finds_nothing_wrong_with_the_description()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "openapi", "wharf.json"), TestContext.Current.CancellationToken);

        var read = Microsoft.OpenApi.OpenApiDocument.Parse(text, "json");

        Assert.Equal([], read.Diagnostic?.Errors.Select(static e => e.ToString()) ?? []);
        Assert.Equal([], read.Diagnostic?.Warnings.Select(static w => w.ToString()) ?? []);
        Assert.True(read.Document?.Paths.Count > 50);
    }

    [Fact]
    public async Task The_server_gives_the_description_that_is_checked_in()
    {
        var answer = (await registry.Anonymous.ReadAsync("/api/v1/openapi.json")).Is(200);

        Assert.Equal("application/json", answer.ContentHeaders.ContentType?.MediaType);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "openapi", "wharf.json"), TestContext.Current.CancellationToken), answer.Text);
    }

    [Fact]
    public async Task Every_operation_of_the_API_says_what_it_is_does_takes_and_gives()
    {
        var wrong = new List<string>();
        foreach (var endpoint in (await Operation.EndpointsAsync()).Where(static e => e.RoutePattern.RawText!.StartsWith("/api/v1/", StringComparison.Ordinal)))
        {
            var method = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods[0] ?? "";
            var name = endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? "";
            var about = endpoint.Metadata.GetMetadata<Description>();
            void Demand(bool good, string what)
            {
                if (!good)
                    wrong.Add($"{method} {endpoint.RoutePattern.RawText} {name}: {what}");
            }

            Demand(name.Length > 0, "no name (.WithName)");
            Demand(about is { Summary.Length: > 10 } && about.Summary.EndsWith('.'), "no sentence that says what it does (.Describe)");
            Demand(endpoint.Metadata.GetMetadata<GivenAnswer>() is not null, "no answer (.Gives)");
            Demand(method is "GET" or "DELETE" || endpoint.Metadata.GetMetadata<TakenBody>() is not null || WithoutBody.Contains(name), "no body (.Takes, or a place in the list of this test)");
            Demand(method is not ("GET" or "DELETE") || endpoint.Metadata.GetMetadata<TakenBody>() is null, "a body that its method has not");
            foreach (var parameter in endpoint.RoutePattern.Parameters)
                Demand(ParameterNames.IsKnown(parameter.Name), $"the parameter {parameter.Name} means nothing (ParameterNames)");
        }

        Assert.Equal([], wrong);
    }

    [Fact]
    public async Task No_two_operations_have_one_name_and_each_slice_says_what_it_is_for()
    {
        var operations = ApiOperation.All(new DefaultEndpointDataSource(await Operation.EndpointsAsync()));

        Assert.Equal([], operations.GroupBy(static o => o.Id).Where(static g => g.Count() > 1).Select(static g => g.Key));
        Assert.Equal([], operations.Select(static o => o.Tag).Distinct().Where(static t => Wharf.Server.ApiDocs.Tags.Meaning(t).Length == 0));
        Assert.Equal([], operations.GroupBy(static o => (o.Method, o.Path)).Where(static g => g.Count() > 1).Select(static g => g.Key));
    }
}
