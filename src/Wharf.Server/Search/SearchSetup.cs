namespace Wharf.Server.Search;

internal static class SearchSetup
{
    public static void AddSearch(this WebApplicationBuilder builder) => builder.Services.AddSingleton<SearchStore>();
}
