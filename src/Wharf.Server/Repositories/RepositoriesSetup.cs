using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Repositories;

internal static class RepositoriesSetup
{
    public static void AddRepositories(this WebApplicationBuilder builder)
    {
        builder.AddSection<RegistryOptions>("Registry");
        builder.Services.AddSingleton<RepositoryStore>().AddSingleton<RepositoryDirectory>().AddSingleton<GrantStore>().AddSingleton<StarStore>().AddSingleton<AuthorizedEmailStore>();
    }
}
